import {
  createPlans,
  Follower,
  endLeftChildren,
  replaySpool,
  type BlobStore,
  type Journal,
  type ReplayedRun,
  type RunHeader,
  type Spool,
} from '@agentloom/engine'
import type { SpooledRunKey } from '@agentloom/engine/ports'
import { compileWorkflow, parseDefinition, type Plan } from '@agentloom/workflow'
import { AwayRuns } from '../away/away-runs.ts'
import { connect } from '../connect/connect.ts'
import { RETENTION_MS } from '../journal/redis-journal.ts'
import { openShards } from '../shards/open-shards.ts'
import { draftsOf, type CheckpointSource } from './checkpoints.ts'
import { DraftJournal } from './draft-journal.ts'
import { ring } from './recovery.ts'

export interface RecoverOptions {
  readonly redis: string
  readonly prefix?: string
  readonly shards?: number
  readonly retentionMs?: number
  readonly blobs?: BlobStore | null
  readonly spools: readonly Pick<Spool, 'runs' | 'read'>[]
  /** What they know more of than Redis comes first, and the spools' own on top of it. */
  readonly checkpoints?: readonly CheckpointSource[]
  /** Only says what it would do. */
  readonly isDry: boolean
}

/**
 * Fills Redis up from spools and checkpoints by hand: also those of other machines, and after a loss that no worker has seen. Runs that Redis
 * holds whole are left alone. Safe to repeat. @throws what `createClient` throws
 */
export async function recoverRuns(options: RecoverOptions): Promise<readonly ReplayedRun[]> {
  const { spools, checkpoints = [], isDry, retentionMs = RETENTION_MS, blobs } = options
  const { redis, shards } = await connect(options)
  const opened = openShards({ redis, shards, retentionMs, blobs })
  const plans = createPlans((hash) => opened.journal.definition(hash))
  const real = opened.unguarded
  const follower = new Follower({ journal: real, doorbell: opened.doorbell, plans, observe: () => undefined })
  const found = new Map<string, ReplayedRun>()
  const tell = (run: ReplayedRun): unknown => found.set(run.runId, joined(found.get(run.runId), run))
  try {
    const away = new AwayRuns(redis, shards)
    const spooled = new Set((await Promise.all(spools.map((spool) => spool.runs()))).flat().map(({ runId }) => runId))
    // An old one may be of a run that has ended since, saved as it ended on another machine.
    const isWanted = async ({ runId, updatedAtMs }: RunHeader): Promise<boolean> =>
      (spooled.has(runId) || updatedAtMs + retentionMs > Date.now()) && !(await away.has(runId))
    const { drafts, problems } = await draftsOf(checkpoints, real, isWanted)
    problems.forEach(tell)
    const ids = new Set(drafts.map(({ command }) => command.start.runId))
    const draft = new DraftJournal(real, drafts)
    const told = await replayAll(spools, draft, { only: isDry ? null : ids, onReady: async () => undefined })
    told.forEach(tell)
    for (const { command } of drafts) {
      const { runId } = command.start
      const whole = draft.draft(runId)
      if (whole === undefined) continue
      const addedCount = whole.command.records.length - (command.replaces ?? 0)
      const lost = told.flatMap((run) => (run.runId === runId && 'lost' in run ? run.lost : []))
      found.set(runId, { runId, outcome: 'restored', addedCount, lost, waiting: [] })
      if (isDry) continue
      const reply = await real.restore({ ...whole.command, replaces: command.replaces }, whole.plan)
      if (reply.outcome === 'restored') await ring(follower, whole.plan, runId, reply)
      else
        found.set(runId, { runId, outcome: 'failed', error: new Error('somebody has just written to it: try again') })
    }
    if (!isDry) {
      const onReady: OnReady = (plan, runId, ready) => ring(follower, plan, runId, ready)
      for (const run of await replayAll(spools, real, { only: null, onReady })) tell(run)
      const filled = [...found.values()].filter(({ outcome }) => outcome === 'restored' || outcome === 'resent')
      await endLeftChildren(
        real,
        filled.map(({ runId }) => runId),
      )
    }
    return [...found.values()].toSorted((a, b) => (a.runId < b.runId ? -1 : 1))
  } finally {
    await opened.closeQueues()
    redis.disconnect()
  }
}

type OnReady = Parameters<typeof replaySpool>[0]['onReady']

/** Until none of the spools has anything new. @returns what each round has done */
async function replayAll(
  spools: RecoverOptions['spools'],
  journal: Journal,
  { only, onReady }: { readonly only: ReadonlySet<string> | null; readonly onReady: OnReady },
): Promise<readonly ReplayedRun[]> {
  const told: ReplayedRun[] = []
  const planOf = (_hash: string, text: string): Plan => compileWorkflow(parseDefinition(text)).plan
  for (const mode of ['merge', 'last'] as const) {
    for (let isNew = true; isNew;) {
      isNew = false
      for (const spool of spools) {
        const runs = async (): Promise<readonly SpooledRunKey[]> =>
          (await spool.runs()).filter(({ runId }) => only?.has(runId) !== false)
        const parts = { spool: { runs, read: (runId: string) => spool.read(runId) }, journal, planOf, onReady }
        const replayed = await replaySpool(parts, mode)
        isNew ||= replayed.some((run) => 'addedCount' in run && run.addedCount > 0)
        told.push(...replayed)
      }
    }
  }
  return told
}

/** Says less than any other outcome. */
const KNOWN: ReadonlySet<ReplayedRun['outcome']> = new Set(['known', 'leaving'])

function joined(before: ReplayedRun | undefined, now: ReplayedRun): ReplayedRun {
  if (before === undefined || now.outcome === 'failed' || KNOWN.has(before.outcome)) return now
  if (!('addedCount' in before)) return KNOWN.has(now.outcome) ? before : now
  if (!('addedCount' in now)) return before
  const lost = [...new Set([...before.lost, ...now.lost])]
  return { ...now, outcome: 'restored', addedCount: before.addedCount + now.addedCount, lost }
}
