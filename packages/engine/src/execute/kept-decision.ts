import { parseValue } from '@agentloom/workflow'
import type { JournalRecord } from '../journal/record.ts'
import type { ParentStep } from '../ports/journal.ts'
import type { Attempt } from './attempt.ts'

/** Names of signals that the engine keeps for itself begin like this. */
export const OWN_SIGNALS = '$'
const GATE_SIGNAL = `${OWN_SIGNALS}gate:`

/**
 * A decision may come before its gate is reached: with a resume that also repeats what lies before it. And one for a gate in a
 * child run holds for the child runs that follow it, when the step is tried again: nobody is asked twice. Either is kept as a
 * signal of the run that it was given to, under the gate's full name there, for this visit of the step.
 */
export function decisionSignal(visit: number, path: string): string {
  return `${GATE_SIGNAL}${visit}:${path}`
}

/** Whether a signal is a decision that was kept for a gate inside the step's child run. */
export function isKeptBelow(name: string, stepId: string): boolean {
  return pathIn(name)?.startsWith(`${stepId}.`) === true
}

/** Whether a signal is a decision that was kept for one of these gates, or for a gate inside one of these steps. */
export function isDecisionAbout(name: string, stepIds: readonly string[]): boolean {
  const path = pathIn(name)
  return path !== null && stepIds.some((stepId) => path === stepId || path.startsWith(`${stepId}.`))
}

/** How often the step of this name was reopened, plus one; of a name in a child run, the step whose child it is. */
export function visitOf(records: readonly JournalRecord[], path: string): number {
  const dot = path.indexOf('.')
  const names = dot < 0 ? [path] : [path, path.slice(0, dot)]
  const isReopened = (record: JournalRecord): boolean =>
    record.kind === 'reopened' && names.some((name) => record.stepIds.includes(name))
  return 1 + records.filter(isReopened).length
}

/** The gate that the name of a signal is about. */
function pathIn(name: string): string | null {
  return name.startsWith(GATE_SIGNAL) ? name.slice(name.indexOf(':', GATE_SIGNAL.length) + 1) : null
}

/** What was decided before the gate was reached: in its own run for this visit, or in one above, where the newest counts. */
export async function keptDecision({ journal, header, node, visit }: Attempt): Promise<string | null> {
  let path = node.id
  let above: ParentStep | null = header.parent
  let runId = header.runId
  for (;;) {
    const loaded = await journal.load(runId)
    const own = runId === header.runId ? decisionSignal(visit, path) : null
    const isMeant = (name: string): boolean => (own === null ? pathIn(name) === path : name === own)
    const found = loaded?.records.findLast((record) => record.kind === 'signalled' && isMeant(record.name))
    const decision = found?.kind === 'signalled' ? parseValue(found.payload) : null
    if (typeof decision === 'string') return decision
    if (above === null || loaded === null) return null
    path = `${above.stepId}.${path}`
    runId = above.runId
    above = (await journal.header(runId))?.parent ?? null
  }
}
