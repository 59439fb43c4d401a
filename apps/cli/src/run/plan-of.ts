import { join } from 'node:path'
import { CheckpointStore, RunNotFoundError, type Embedded } from '@agentloom/embedded'
import { compileWorkflow, parseDefinition, type Plan } from '@agentloom/workflow'

/**
 * The plan that a run is pinned to, from the journal or the run's checkpoint.
 * @throws {RunNotFoundError} neither knows the run
 */
export async function planOf(embedded: Embedded, home: string, runId: string): Promise<Plan> {
  const header = await embedded.journal.header(runId)
  if (header !== null) return embedded.journal.plans.get(header.definition)
  await using checkpoints = new CheckpointStore(join(home, 'checkpoints'))
  const checkpoint = await checkpoints.read(runId)
  if (checkpoint === null) throw new RunNotFoundError(runId)
  return compileWorkflow(parseDefinition(checkpoint.definitionText)).plan
}
