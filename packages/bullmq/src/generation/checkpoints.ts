import {
  isOver,
  isSameRun,
  restartCommand,
  type Journal,
  type KeptRun,
  type LoadedRun,
  type ReplayedRun,
  type RunHeader,
} from '@agentloom/engine'
import { AgentloomError, compileWorkflow, parseDefinition } from '@agentloom/workflow'
import type { Draft } from './draft-journal.ts'

/** Runs as they were when a worker wrote them to its disk: `new CheckpointStore(folder)` of `@agentloom/embedded`. */
export interface CheckpointSource {
  list(): Promise<{
    readonly headers: readonly RunHeader[]
    readonly bad: readonly { readonly file: string; readonly error: unknown }[]
  }>
  /** Null for a run that is not kept there. */
  read(runId: string): Promise<KeptRun | null>
}

export interface Known {
  /** What checkpoints know more of than the journal does. */
  readonly drafts: readonly Draft[]
  /** Checkpoints that cannot be read, or that fit no more to what the journal has. */
  readonly problems: readonly ReplayedRun[]
}

/**
 * What checkpoints know more of than the journal. A checkpoint holds the beginning of a run's journal, so that it says more only
 * where the journal holds less of the same.
 * @param isWanted not for runs that have left the journal by its own rules
 */
export async function draftsOf(
  sources: readonly CheckpointSource[],
  journal: Pick<Journal, 'load'>,
  isWanted: (header: RunHeader) => Promise<boolean>,
): Promise<Known> {
  const drafts = new Map<string, Draft>()
  const problems: ReplayedRun[] = []
  for (const source of sources) {
    const { headers, bad } = await source.list()
    problems.push(...bad.map(({ file, error }) => ({ runId: file, outcome: 'failed', error }) as const))
    for (const header of headers) {
      const { runId } = header
      try {
        const kept = (await isWanted(header)) ? await source.read(runId) : null
        const draft = kept === null ? null : draftOf(kept, await journal.load(runId))
        const other = drafts.get(runId)?.command.records.length ?? 0
        if (draft !== null && draft.command.records.length > other) drafts.set(runId, draft)
      } catch (error) {
        problems.push({ runId, outcome: 'failed', error })
      }
    }
  }
  return { drafts: [...drafts.values()].toSorted(belowFirst), problems }
}

/** Null where it says nothing new. @throws {StaleCheckpointError} */
function draftOf(kept: KeptRun, loaded: LoadedRun | null): Draft | null {
  const { header, records, definitionText } = kept
  if (loaded !== null && (isOver(loaded.header.status) || loaded.records.length >= records.length)) return null
  const { plan } = compileWorkflow(parseDefinition(definitionText))
  const start = { ...restartCommand(plan, header), definitionText }
  const command = { start, records, replaces: loaded?.records.length ?? null }
  if (loaded === null) return { command, plan }
  const beginning = { ...command, records: records.slice(0, loaded.records.length) }
  if (isSameRun({ start: loaded.header, records: loaded.records }, beginning)) return { command, plan }
  const known = committedIn(loaded)
  if ([...committedIn(kept)].every((stepId) => known.has(stepId))) return null
  throw new StaleCheckpointError(header.runId)
}

function committedIn({ records }: LoadedRun): ReadonlySet<string> {
  return new Set(records.flatMap((record) => (record.kind === 'committed' ? [record.stepId] : [])))
}

/** The run at the top finds those below it as it left them. */
function belowFirst(a: Draft, b: Draft): number {
  return depthOf(b) - depthOf(a)
}

function depthOf({ command }: Draft): number {
  return command.start.runId.split('.').length
}

/** The journal has gone on without what the checkpoint knows. */
class StaleCheckpointError extends AgentloomError {
  override readonly name = 'StaleCheckpointError'
  readonly code = 'recover/stale-checkpoint'
  readonly retryable = false
  override readonly place: string
  override readonly help = 'let it end as it is, or remove it from Redis and recover again'
  constructor(runId: string) {
    super(`run ${runId} has gone on in Redis without results that its checkpoint has`)
    this.place = `run ${runId}`
  }
}
