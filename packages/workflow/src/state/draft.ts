import type { StatePath } from '../plan/plan.ts'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import { checkWritable } from './writable.ts'

/**
 * A state that is being folded. It copies a list or mapping the first time it is written to and changes its own copy from then on, so a
 * write costs what it touches and never the whole state; the state that it began as, and every value written, stay as they were.
 */
export class StateDraft {
  #root: ValueMap
  /** Copies made since the last snapshot: ours to change. */
  #owned = new WeakSet<object>()

  constructor(base: ValueMap) {
    this.#root = base
  }

  /** The state so far, for reading. Changes with the next write; `snapshot()` gives one to keep. */
  get state(): ValueMap {
    return this.#root
  }

  /** @throws {StateWriteError} and has changed nothing then */
  write(path: StatePath, value: Value): void {
    checkWritable(this.#root, path)
    const root = this.#ownMapping(this.#root)
    this.#root = root
    let container: Record<string, Value> | Value[] = root
    const last = path.segments.length - 1
    for (const [index, segment] of path.segments.entries()) {
      if (index === last) put(container, segment, value)
      else container = this.#descend(container, segment)
    }
  }

  /** The state so far, to keep: later writes copy what they touch. */
  snapshot(): ValueMap {
    this.#owned = new WeakSet()
    return this.#root
  }

  #descend(container: Record<string, Value> | Value[], segment: string | number): Record<string, Value> | Value[] {
    const child = get(container, segment)
    const own = isList(child)
      ? this.#ownList(child)
      : this.#ownMapping(child !== undefined && isMapping(child) ? child : {})
    put(container, segment, own)
    return own
  }

  #ownMapping(mapping: ValueMap): Record<string, Value> {
    // What is in #owned was made here, as a mutable copy.
    if (this.#owned.has(mapping)) return mapping as Record<string, Value>
    const copy = { ...mapping }
    this.#owned.add(copy)
    return copy
  }

  #ownList(list: readonly Value[]): Value[] {
    if (this.#owned.has(list)) return list as Value[]
    const copy = [...list]
    this.#owned.add(copy)
    return copy
  }
}

/** One write: gives the new state, and leaves the old one as it was. @throws {StateWriteError} */
export function writePath(state: ValueMap, path: StatePath, value: Value): ValueMap {
  const draft = new StateDraft(state)
  draft.write(path, value)
  return draft.state
}

function get(container: Record<string, Value> | Value[], segment: string | number): Value | undefined {
  if (Array.isArray(container)) return typeof segment === 'number' ? container.at(segment) : undefined
  return Object.hasOwn(container, segment) ? container[segment] : undefined
}

function put(container: Record<string, Value> | Value[], segment: string | number, value: Value): void {
  if (!Array.isArray(container)) container[String(segment)] = value
  else if (typeof segment === 'number') container[segment < 0 ? container.length + segment : segment] = value
}
