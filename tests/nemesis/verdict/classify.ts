import type { LiveRun } from '../load/load.ts'
import type { World } from '../world.ts'

/** What became of the runs that were accepted and not seen to end well. */
export interface Fates {
  /** Redis lost them before any worker had begun them: nobody else knew of them. */
  readonly taken: readonly string[]
  /** Their end was seen by a worker; their data were lost before the nemesis had looked. */
  readonly endedUnseen: readonly string[]
  /** Gone, although they had begun, or although no data were lost. */
  readonly lost: readonly string[]
  /** There, and not over. With what they wait for. */
  readonly stuck: readonly string[]
}

export async function classify(world: World): Promise<Fates> {
  const fates: { [Fate in keyof Fates]: string[] } = { taken: [], endedUnseen: [], lost: [], stuck: [] }
  for (const run of world.load.live.values()) fates[fateOf(world, run)].push(run.runId)
  const stuck = await Promise.all(fates.stuck.map((runId) => describe(world, runId)))
  return { ...fates, stuck }
}

function fateOf({ witness, losses }: World, { runId, acceptedAtMs, isGone }: LiveRun): keyof Fates {
  if (!isGone) return 'stuck'
  if (witness.isEnded(runId)) return 'endedUnseen'
  // A START is acknowledged before it is on disk: what was cut off may reach a second back.
  const isTaken = !witness.isBegun(runId) && losses.some((atMs) => atMs > acceptedAtMs)
  return isTaken ? 'taken' : 'lost'
}

const RECORDS_SHOWN = 6

async function describe({ client }: World, runId: string): Promise<string> {
  const loaded = await client.load(runId).catch(String)
  if (loaded === null || typeof loaded === 'string') return `${runId} (${loaded ?? 'gone'})`
  const { header, records } = loaded
  return `${runId} (${header.status}) ${records
    .slice(-RECORDS_SHOWN)
    .map((record) => `${record.kind}${'stepId' in record ? ` ${record.stepId}` : ''}`)
    .join(', ')}`
}
