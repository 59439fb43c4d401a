import type { StatePath } from '../plan/plan.ts'
import { typeName } from '../python/objects.ts'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import { StateWriteError } from './errors.ts'

/**
 * Throws what a write would throw, and writes nothing: to be asked before the work whose result is to be written.
 * @throws {StateWriteError}
 */
export function checkWritable(state: ValueMap, path: StatePath): void {
  const { segments } = path
  let current: Value = state
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    const next: Value | undefined =
      typeof segment === 'number' ? checkIndex(current, index, path) : checkKey(current, index, path)
    if (isLast) return
    // A missing mapping would be made here, and so would everything below it but a list.
    if (next === undefined) current = {}
    else if (isList(next) || isMapping(next)) current = next
    else throw scalarInTheWay(next, index, path)
  }
}

function checkIndex(current: Value, index: number, path: StatePath): Value {
  const segment = path.segments[index]
  const element = isList(current) && typeof segment === 'number' ? current.at(segment) : undefined
  if (element !== undefined) return element
  const isLast = index === path.segments.length - 1
  const hint =
    isLast || typeof segment !== 'number' || segment < 0
      ? 'pre-allocate the list'
      : `pre-allocate the list (e.g. via an initial value containing ${segment + 1} elements)`
  throw new StateWriteError(
    path.text,
    `List index ${segment} out of range in path '${path.text}'. Lists are not auto-expanded by set(); ${hint} before writing to indexed paths.`,
  )
}

function checkKey(current: Value, index: number, path: StatePath): Value | undefined {
  const key = String(path.segments[index])
  if (key === '__proto__')
    throw new StateWriteError(path.text, `Cannot write to '${path.text}': the key __proto__ is not allowed.`)
  if (isMapping(current)) return Object.hasOwn(current, key) ? current[key] : undefined
  const isLast = index === path.segments.length - 1
  const parent = pathText(path.segments.slice(0, index))
  const what = isLast ? `parent path '${parent}' resolves to a list` : `intermediate '${parent}' is a list`
  throw new StateWriteError(
    path.text,
    `Cannot write to '${path.text}': ${what}, not a dict. Use an integer index to traverse a list, or rebuild the parent path ${isLast ? 'first' : 'explicitly'}.`,
  )
}

/** The value itself is not shown: it may be one that is to be redacted. */
function scalarInTheWay(value: Value, index: number, path: StatePath): StateWriteError {
  const segment = path.segments[index]
  if (typeof segment === 'number') {
    return new StateWriteError(
      path.text,
      `Expected dict or list at '${segment}' in path '${path.text}', got ${typeName(value)}`,
    )
  }
  const place = pathText(path.segments.slice(0, index + 1))
  return new StateWriteError(
    path.text,
    `Cannot write to '${path.text}': intermediate '${place}' is a ${typeName(value)}, not a dict. Refusing to silently overwrite the scalar.`,
  )
}

function pathText(segments: readonly (string | number)[]): string {
  return segments
    .map((segment, index) => (typeof segment === 'number' ? `[${segment}]` : index === 0 ? segment : `.${segment}`))
    .join('')
}
