export type { JournalCase, OpenedJournal } from './journal-case.ts'
export { testHeader } from './header.ts'
export { journalConformance } from './journal-conformance.ts'
export { keyCases } from './journal-key-cases.ts'
export {
  childOf,
  claimed,
  edge,
  failure,
  heldBy,
  idsOf,
  offered,
  oneEdge,
  retry,
  settled,
  startOf,
  success,
  waiting,
} from './journal-commands.ts'
export { MemoryRuntime, type MemoryRuntimeOptions } from './memory-runtime.ts'
export { MemorySpool } from './memory-spool.ts'
export { VirtualClock } from './virtual-clock.ts'
export {
  causeAgainst,
  interpret,
  interpretOver,
  routedPast,
  type Cause,
  type Fate,
  type Reference,
  type Script,
  type StepEnd,
} from './reference.ts'
export { MemoryBlobs } from '../blobs/memory-blobs.ts'
