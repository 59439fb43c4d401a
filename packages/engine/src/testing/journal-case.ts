import type { Journal } from '../ports/journal.ts'

/** A fresh, empty journal whose time the test moves. Offers are renewed after 5 s, leases are as the commands say. */
export interface OpenedJournal {
  readonly journal: Journal
  /** Lets the journal's own time pass. */
  readonly advance: (ms: number) => Promise<void>
  readonly close: () => Promise<void>
}

export interface JournalCase {
  readonly name: string
  run(opened: OpenedJournal): Promise<void>
}
