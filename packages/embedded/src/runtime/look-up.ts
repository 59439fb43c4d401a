import { viewRun, viewTree, type RunFilter, type RunHeader, type RunView } from '@agentloom/engine'
import { compileWorkflow, parseDefinition } from '@agentloom/workflow'
import type { CheckpointStore } from '../checkpoint/checkpoint-store.ts'
import type { EmbeddedJournal } from '../journal/embedded-journal.ts'

const RUNS_LISTED = 100

/** In the journal, else in its checkpoint; null where neither knows the run. */
export async function viewOf(
  journal: EmbeddedJournal,
  checkpoints: CheckpointStore,
  runId: string,
): Promise<RunView | null> {
  const loaded = await journal.load(runId)
  if (loaded !== null) return viewTree(journal, journal.plans, loaded)
  const checkpoint = await checkpoints.read(runId)
  return checkpoint === null
    ? null
    : viewRun(compileWorkflow(parseDefinition(checkpoint.definitionText)).plan, checkpoint)
}

/** Of the journal, and of checkpoints of embedded runs that the journal does not know; newest first. */
export async function listRuns(
  journal: EmbeddedJournal,
  checkpoints: CheckpointStore,
  { limit = RUNS_LISTED, ...filter }: Partial<RunFilter>,
): Promise<readonly RunHeader[]> {
  const inJournal = await journal.list({ ...filter, limit })
  const { headers } = await checkpoints.list({ ...filter, limit, place: 'embedded' })
  const unknown = new Set(await journal.unknown(headers.map(({ runId }) => runId)))
  const found = headers.filter(({ runId }) => unknown.has(runId))
  return [...inJournal, ...found].sort((a, b) => b.createdAtMs - a.createdAtMs).slice(0, limit)
}
