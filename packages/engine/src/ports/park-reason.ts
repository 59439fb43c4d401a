/**
 * Why a step, or a whole run, is parked: a closed set, so that whoever shows one can say what mends it. `docs/parking.md` has the
 * table for people.
 */
export const PARK_REASONS = [
  'no-secret',
  'no-handler',
  'quarantined',
  'blob-missing',
  'ask',
  'awaiting_budget',
] as const

export type ParkReason = (typeof PARK_REASONS)[number]

export function isParkReason(text: string): text is ParkReason {
  return PARK_REASONS.some((reason) => reason === text)
}

/** Whether `resume` makes a step of this reason look again; the others want an answer of their own. */
export function endsByResume(reason: string): boolean {
  return ['no-secret', 'no-handler', 'quarantined', 'blob-missing'].includes(reason)
}

/** The command that mends it, beside what people have to do before. */
export function mendOf(reason: string, runId: string, stepId: string | null): string | null {
  switch (reason) {
    case 'no-secret':
    case 'no-handler':
    case 'quarantined':
    case 'blob-missing':
      return `agentloom resume ${runId}`
    case 'ask':
      return `agentloom approve ${runId}${stepId === null ? '' : ` ${stepId}`}`
    case 'awaiting_budget':
      return `agentloom resume ${runId} --budget USD`
    default:
      return null // of a newer version
  }
}
