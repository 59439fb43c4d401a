import type { Journal } from '../ports/journal.ts'

/** Opens a fresh, empty journal whose time the test moves. */
export type OpenJournal = () => Promise<{ readonly journal: Journal; advance(ms: number): Promise<void>; close(): Promise<void> }>

export function journalConformance(_open: OpenJournal): void {
  throw new Error('being written')
}
