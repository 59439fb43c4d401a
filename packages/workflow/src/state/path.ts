import type { StatePath } from '../plan/plan.ts'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import { StatePathError } from './errors.ts'

const SEGMENT = /^([^[\]]*)((?:\[-?\d+\])*)$/

/**
 * Reads `a.b[0].c`. A segment that is not a name with indexes, such as `l[x]`, is a key as a whole.
 * @throws {StatePathError} for an empty path or an empty segment
 */
export function parsePath(text: string): StatePath {
  if (text === '') throw new StatePathError('State path must not be empty')
  const segments: (string | number)[] = []
  for (const part of text.split('.')) {
    if (part === '') throw new StatePathError(`Empty segment in state path '${text}'`)
    const [, name, indexes] = SEGMENT.exec(part) ?? [part, part, '']
    if (name) segments.push(name)
    for (const [, index] of (indexes ?? '').matchAll(/\[(-?\d+)\]/g)) segments.push(Number(index))
  }
  return { text, segments }
}

/** What stands at the path, or undefined. Own keys and elements only; negative indexes count from the end. */
export function readPath(state: ValueMap, path: StatePath): Value | undefined {
  let current: Value = state
  for (const segment of path.segments) {
    const next: Value | undefined = typeof segment === 'number' ? element(current, segment) : property(current, segment)
    if (next === undefined) return undefined
    current = next
  }
  return current
}

function property(value: Value, key: string): Value | undefined {
  return isMapping(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

function element(value: Value, index: number): Value | undefined {
  return isList(value) ? value.at(index) : undefined
}
