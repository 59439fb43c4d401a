export type { JournalCase, OpenedJournal } from './journal-case.ts'
export { journalConformance } from './journal-conformance.ts'
export {
  claimed,
  edge,
  failure,
  heldBy,
  offered,
  oneEdge,
  retry,
  settled,
  startOf,
  success,
} from './journal-commands.ts'
export { MemoryRuntime, type MemoryRuntimeOptions } from './memory-runtime.ts'
export { VirtualClock } from './virtual-clock.ts'
