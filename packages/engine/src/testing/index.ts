export { journalConformance, type OpenJournal } from './journal-conformance.ts'
export { VirtualClock } from './virtual-clock.ts'
