import { parseValue } from '@agentloom/workflow'
import type { JournalRecord } from '../journal/record.ts'
import type { ParentStep } from '../ports/journal.ts'
import type { Attempt } from './attempt.ts'

/** Names of signals that the engine keeps for itself begin like this. */
export const OWN_SIGNALS = '$'

/**
 * A decision may come before its gate is reached: with a resume that also repeats what lies before it. It is kept as a signal of
 * the run that it was given to, under the gate's full name there, for this visit of the gate only.
 */
export function decisionSignal(visit: number, path: string): string {
  return `${OWN_SIGNALS}gate:${visit}:${path}`
}

/** Whether a signal is a decision that was kept for a gate inside the step's child run. */
export function isKeptBelow(name: string, stepId: string): boolean {
  return name.startsWith(decisionSignal(1, `${stepId}.`))
}

/** How often the step of this name was reopened, plus one. */
export function visitOf(records: readonly JournalRecord[], stepId: string): number {
  return 1 + records.filter((record) => record.kind === 'reopened' && record.stepIds.includes(stepId)).length
}

/** What was decided before the gate was reached, in its own run or in one above; null where nothing was. */
export async function keptDecision({ journal, header, node, visit }: Attempt): Promise<string | null> {
  let path = node.id
  let above: ParentStep | null = header.parent
  let runId = header.runId
  for (let own = visit; ; own = 1) {
    const loaded = await journal.load(runId)
    const name = decisionSignal(own, path)
    const found = loaded?.records.find((record) => record.kind === 'signalled' && record.name === name)
    const decision = found?.kind === 'signalled' ? parseValue(found.payload) : null
    if (typeof decision === 'string') return decision
    if (above === null || loaded === null) return null
    path = `${above.stepId}.${path}`
    runId = above.runId
    above = (await journal.header(runId))?.parent ?? null
  }
}
