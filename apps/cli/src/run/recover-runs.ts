import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { RunStatus } from '@agentloom/engine'
import { surroundingsOf } from '../command-line/surroundings.ts'
import { UsageError } from '../command-line/usage-error.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import { countText } from '../terminal/figures.ts'
import { printable } from '../terminal/printable.ts'
import type { Ending } from './ending.ts'
import { embeddedPlace, placeOf, type Place } from './place.ts'
import { openWholeRuns } from './whole-runs.ts'

export interface RecoverRunsOptions {
  readonly from?: readonly string[]
  readonly dryRun?: true
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

export async function recoverFromSpools(options: RecoverRunsOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  const place = placeOf(options.redis, settings, io)
  if (place.kind !== 'redis') throw new UsageError('Name the Redis: with --redis, or AGENTLOOM_REDIS_URL.')
  for (const folder of options.from ?? [])
    if (!existsSync(resolve(io.cwd(), folder)))
      throw new UsageError(`Invalid value for '--from': Path '${printable(folder)}' does not exist.`)
  const { openBlobPlace, recoverRuns } = await import('@agentloom/bullmq/client')
  const { CheckpointStore, readSpools, spoolFolder } = await import('@agentloom/embedded')
  const { url: redis, prefix, shards, retentionMs } = place
  const { home } = embeddedPlace(settings, io)
  const folders = options.from?.map((folder) => resolve(io.cwd(), folder)) ?? [spoolFolder(home, { redis, prefix })]
  const spools = folders.flatMap(readSpools)
  await using checkpoints = new CheckpointStore(join(home, 'checkpoints'))
  const runs = await recoverRuns({
    redis,
    prefix,
    spools: spools.map(({ spool }) => spool),
    checkpoints,
    isDry: options.dryRun === true,
    blobs: await openBlobPlace(place.blobs, place.env),
    ...(shards !== undefined && { shards }),
    ...(retentionMs !== undefined && { retentionMs }),
  })
  const fromSpools = runs.map((run): Told => ({
    run_id: run.runId,
    outcome: run.outcome,
    records: 'addedCount' in run ? run.addedCount : 0,
    lost: 'lost' in run ? run.lost : [],
    problem:
      run.outcome === 'failed' ? String(run.error) : run.outcome === 'no-definition' ? 'its definition is gone' : null,
  }))
  const isPutBack = new Set(fromSpools.flatMap(({ run_id: id, records }) => (records > 0 ? id : [])))
  const told = [...fromSpools, ...(await recoverFromCheckpoints(place, home, { isPutBack, options, io }))]
  const isWhole = told.every(({ lost, problem }) => lost.length === 0 && problem === null)
  if (options.json === true) io.stdout.write(jsonText(told))
  else {
    for (const { run_id: id, records, lost, problem } of told) {
      if (problem !== null) io.stdout.line(`✗ ${id} · ${printable(problem)}`)
      else if (records > 0)
        io.stdout.line(`✓ ${id} · ${countText(records, 'record')} ${options.dryRun === true ? 'missing' : 'put back'}`)
      if (lost.length > 0)
        io.stdout.line(`! ${id} · results lost, these steps run again: ${printable(lost.join(', '))}`)
    }
    const changed = told.filter(({ records }) => records > 0).length
    io.stdout.line(
      `${countText(spools.length, 'spool')}, ${countText(told.length, 'run')}, ${changed} lacked something`,
    )
  }
  return { code: isWhole ? 0 : 1 }
}

interface Told {
  readonly run_id: string
  readonly outcome: string
  readonly records: number
  readonly lost: readonly string[]
  readonly problem: string | null
}

interface Rest {
  readonly isPutBack: ReadonlySet<string>
  readonly options: RecoverRunsOptions
  readonly io: Io
}

const LIVE = ['queued', 'running', 'paused', 'parked'] as const satisfies readonly RunStatus[]
const DAY_MS = 24 * 3_600_000

/**
 * Runs that were not over when they were saved, and of which neither Redis nor a spool knows. One that has ended since stays in
 * Redis for the retention; an older checkpoint may be of such a run, saved as it ended on another machine.
 */
async function recoverFromCheckpoints(
  place: Place & { readonly kind: 'redis' },
  home: string,
  { isPutBack, options, io }: Rest,
): Promise<readonly Told[]> {
  await using runs = await openWholeRuns(place, home, io)
  const sinceMs = Date.now() - (place.retentionMs ?? 7 * DAY_MS)
  const { headers } = await runs.checkpoints.list({ statuses: LIVE, withChildren: true })
  const told: Told[] = []
  // Children first: the run at the top finds them as it left them.
  for (const { runId, updatedAtMs } of headers.toSorted((a, b) => b.runId.length - a.runId.length)) {
    if (isPutBack.has(runId) || updatedAtMs < sinceMs || (await runs.header(runId)) !== null) continue
    const saved = await runs.checkpoints.read(runId)
    if (saved === null) continue
    if (options.dryRun !== true) await runs.restore(saved)
    told.push({ run_id: runId, outcome: 'restored', records: saved.records.length, lost: [], problem: null })
  }
  return told
}
