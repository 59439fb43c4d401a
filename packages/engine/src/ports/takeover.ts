import type { Obligation, Offer, RunLabel, RunStatus } from './journal.ts'

/** What a journal does about workers that are gone. Part of the journal's port. */
export interface Takeover {
  /**
   * Ends the leases of a process that is gone, before they run out: of all claims whose nonce begins with `instance`. Being
   * wrong costs only work that is done twice, for the epochs fence it.
   */
  takeOver(instance: string): Promise<readonly Obligation[]>
}

export interface DueOptions {
  /**
   * False: leases that ran out are left alone for a moment. For callers that have not been seeing the store all the time:
   * whoever holds a lease may have been cut off as well, and is about to prolong it. Default true.
   */
  readonly endsLeases?: boolean
}

/** Too many workers died while they held the step: it waits for a human, and what it held up goes on. */
export interface Quarantined extends RunLabel {
  readonly kind: 'quarantined'
  readonly runId: string
  readonly stepId: string
  /** What its slot is given to. */
  readonly offers: readonly Offer[]
  readonly runStatus: RunStatus
}
