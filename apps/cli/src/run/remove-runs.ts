import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CheckpointCorruptError, RunInRedisError } from '@agentloom/embedded'
import { CorruptJournalError, isOver, type RunHeader, type RunStatus } from '@agentloom/engine'
import { surroundingsOf } from '../command-line/surroundings.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import { problemText } from '../terminal/problem.ts'
import { checkedRunId } from './checked-run-id.ts'
import type { Ending } from './ending.ts'
import { notFound } from './not-found.ts'
import { embeddedPlace, placeOf } from './place.ts'
import { openWholeRuns, type WholeRuns } from './whole-runs.ts'

export interface RemoveOptions {
  readonly force?: true
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

/** What `runs rm` does: journal, blobs, checkpoint, session and run folder, each with all that is below the run. */
export async function removeRuns(runIds: readonly string[], options: RemoveOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  const home = embeddedPlace(settings, io).home
  const ids = [...new Set(runIds.map(checkedRunId))]
  for (const id of ids)
    if (id.includes('.')) throw new UsageError(`Run ${id} goes with the run above it: ${id.split('.')[0]}.`)
  await using runs = await openWholeRuns(placeOf(options.redis, settings, io), home, io)
  const removed: string[] = []
  let code = 0
  for (const id of ids) {
    try {
      await removeRun(runs, id, { home, force: options.force === true })
      removed.push(id)
      if (options.json !== true) io.stdout.line(`run ${id} is removed`)
    } catch (error) {
      code = 1
      io.stderr.line(problemText(error, io.stderr))
    }
  }
  if (options.json === true) io.stdout.write(jsonText({ removed }))
  return { code }
}

/** @throws {CliError} `run/not-found`, `run/live` */
export async function removeRun(
  runs: WholeRuns,
  runId: string,
  { home, force }: { readonly home: string; readonly force: boolean },
): Promise<void> {
  const { status, isInJournal } = await standingOf(runs, runId)
  if (status === 'unreadable' || !isOver(status)) {
    if (!force)
      throw new CliError('run/live', `run ${runId} is ${status}; it is not removed`, {
        place: `run ${runId}`,
        help: 'cancel it first, or give --force',
      })
    if (isInJournal && status !== 'unreadable') await runs.cancel(runId, 'removed')
  }
  // Also of runs whose definition is gone: what can't be read can be removed.
  const below = (await runs.tree(runId).catch(() => [])).map((run) => run.header.runId)
  const kept = await runs.checkpoints.tree(runId)
  const all = new Set([runId, ...below, ...kept])
  for (const id of all)
    if (!(await runs.erase(id)))
      throw new CliError('run/live', `run ${id} is written to all the time; it is not removed`, {
        place: `run ${id}`,
        help: 'cancel it first',
      })
  await runs.checkpoints.remove([...all])
  for (const id of all) await rm(join(home, 'work', id), { recursive: true, force: true })
  if (runs.place === 'embedded') await rm(join(home, 'sessions', `${runId}.json`), { force: true })
}

interface Standing {
  readonly status: RunStatus | 'unreadable'
  readonly isInJournal: boolean
}

/** By the journal, else by a checkpoint of a run that lives here. @throws {CliError} `run/not-found` @throws {RunInRedisError} `run/in-redis` */
async function standingOf({ header, checkpoints, place }: WholeRuns, runId: string): Promise<Standing> {
  const unreadable = (error: unknown): 'unreadable' => {
    if (error instanceof CorruptJournalError || error instanceof CheckpointCorruptError) return 'unreadable'
    throw error
  }
  const found = await header(runId).catch(unreadable)
  if (found !== null) return { status: found === 'unreadable' ? found : found.status, isInJournal: true }
  const kept = await checkpoints.read(runId).catch(unreadable)
  if (kept === 'unreadable') return { status: kept, isInJournal: false }
  if (kept?.place === 'redis' && place === 'embedded') throw new RunInRedisError(runId)
  if (kept === null || (kept.place ?? 'embedded') !== place) throw notFound(runId)
  return { status: kept.header.status, isInJournal: false }
}

export interface PruneOptions extends Omit<RemoveOptions, 'force'> {
  /** Ended before then, milliseconds since 1970. */
  readonly olderThan?: number
  readonly status?: readonly RunStatus[]
  readonly keep?: number
  readonly dryRun?: true
}

const ENDED = ['success', 'failed', 'timeout', 'budget_exceeded', 'cancelled'] as const satisfies readonly RunStatus[]
const LISTED_MAX = 10_000

/** What `runs prune` does, oldest end first. */
export async function pruneRuns(options: PruneOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  const { olderThan, keep, status = ENDED, dryRun = false, json } = options
  if (olderThan === undefined && keep === undefined)
    throw new UsageError('Give --older-than or --keep: without either every ended run would go.')
  const live = status.find((one) => !isOver(one))
  if (live !== undefined)
    throw new UsageError(`Runs that are ${live} are not pruned; see \`agentloom runs rm --force\`.`)
  const home = embeddedPlace(settings, io).home
  await using runs = await openWholeRuns(placeOf(options.redis, settings, io), home, io)
  const found = await endedRuns(runs, status)
  const chosen = found.filter(
    ({ updatedAtMs }, place) => updatedAtMs < (olderThan ?? Number.POSITIVE_INFINITY) && place >= (keep ?? 0),
  )
  const removed: RunHeader[] = []
  let code = 0
  for (const header of chosen.toReversed()) {
    try {
      if (!dryRun) await removeRun(runs, header.runId, { home, force: false })
    } catch (error) {
      code = 1
      io.stderr.line(problemText(error, io.stderr))
      continue
    }
    removed.push(header)
    if (json !== true)
      io.stdout.line(`${header.runId}  ${header.status}  ${new Date(header.updatedAtMs).toISOString().slice(0, 19)}Z`)
  }
  if (json === true)
    io.stdout.write(
      jsonText({ removed: removed.map(({ runId }) => runId), dry_run: dryRun, kept: found.length - removed.length }),
    )
  else
    io.stdout.line(
      `${dryRun ? 'would remove' : 'removed'} ${removed.length} ${removed.length === 1 ? 'run' : 'runs'}${dryRun ? '; nothing was changed' : ''}`,
    )
  return { code }
}

function nullIfCorrupt(error: unknown): null {
  if (error instanceof CorruptJournalError) return null
  throw error
}

/** Of journal and checkpoints, the one that ended last first. */
async function endedRuns(runs: WholeRuns, statuses: readonly RunStatus[]): Promise<readonly RunHeader[]> {
  const inJournal = await runs.list({ statuses, limit: LISTED_MAX })
  const { headers } = await runs.checkpoints.list({ statuses, place: runs.place })
  const found = new Map<string, RunHeader>()
  for (const header of headers) {
    // One that went on since has a checkpoint of its end before; of one that is damaged here it is the end that is known.
    const now = found.has(header.runId) ? null : await runs.header(header.runId).catch(nullIfCorrupt)
    if (now === null || isOver(now.status)) found.set(header.runId, now ?? header)
  }
  for (const header of inJournal) found.set(header.runId, header)
  return [...found.values()]
    .filter(({ status }) => statuses.includes(status))
    .sort((a, b) => b.updatedAtMs - a.updatedAtMs)
}
