import { parseValue, writeValue, type Value } from '@agentloom/workflow'
import { StepAbortedError } from '../walk/held.ts'
import type { Attempt, SpentUsage } from './attempt.ts'

/**
 * Writes down what happened inside a step. From then on it is known to whoever goes on with the step.
 * @throws {StepAbortedError} `lost`: another worker has the step, or the run is over; nothing more may be done
 */
export async function writeNote(attempt: Attempt, note: Value, usage: SpentUsage | null = null): Promise<void> {
  const reply = await attempt.journal.append(attempt.held.claim, {
    text: writeValue(note),
    usage: usage === null ? null : { ...usage, durationMs: 0 },
  })
  if (reply.outcome === 'stale') throw new StepAbortedError('lost')
}

/** This visit's notes, oldest first. */
export async function readNotes(attempt: Attempt): Promise<readonly Value[]> {
  if (attempt.held.claim.epoch === 1) return []
  const texts = await attempt.journal.notes(attempt.header.runId, attempt.node.id)
  return texts.map(parseValue)
}
