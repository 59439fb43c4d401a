import { isOver, viewRun, type LoadedRun, type RunView } from '@agentloom/engine'
import { compileWorkflow, parseDefinition } from '@agentloom/workflow'

/** A run that was kept somewhere else than in Redis, with the text of its definition. */
export interface CheckpointedRun extends LoadedRun {
  readonly definitionText: string
}

/**
 * How a run ended, from its checkpoint. Null if it had not when that was written: nobody knows how it went on.
 * @throws {WorkflowError} {CorruptJournalError} the checkpoint is not what was written
 */
export function endedRun(checkpoint: CheckpointedRun): RunView | null {
  if (!isOver(checkpoint.header.status)) return null
  return viewRun(compileWorkflow(parseDefinition(checkpoint.definitionText)).plan, checkpoint)
}
