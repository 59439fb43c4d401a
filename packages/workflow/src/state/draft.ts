import type { StatePath } from '../plan/plan.ts'
import type { Value, ValueMap } from '../value/value.ts'

/** A state that is being folded: shares what it did not change with the state that it began as. */
export class StateDraft {
  #root: ValueMap
  constructor(base: ValueMap) {
    this.#root = base
  }
  /** The state so far. Valid until the next write; take `snapshot()` to keep it. */
  get state(): ValueMap {
    return this.#root
  }
  /** All or nothing. @throws {StateWriteError} */
  write(path: StatePath, value: Value): void {
    throw new Error(`being written: ${path.text} ${typeof value}`)
  }
  /** The state so far, to keep: later writes copy what they touch. */
  snapshot(): ValueMap {
    return this.#root
  }
}
/** One write, for those that need no draft: gives the new state and leaves the old one as it was. */
export function writePath(state: ValueMap, path: StatePath, value: Value): ValueMap {
  const draft = new StateDraft(state)
  draft.write(path, value)
  return draft.state
}
/** Throws what a write would throw, and writes nothing. @throws {StateWriteError} */
export function checkWritable(state: ValueMap, path: StatePath): void {
  throw new Error(`being written: ${path.text} ${typeof state}`)
}
