import { codePointAt, codePoints } from '../python/code-points.ts'
import { lookUp } from '../python/containers.ts'
import { sequenceItems } from '../python/equal.ts'
import { PythonError } from '../python/error.ts'
import { isFloat, isNumeric, magnitude } from '../python/number.ts'
import { Opaque, plainMapping, PyDict, PyList, RawMapping, typeName, type Py } from '../python/objects.ts'
import { repr } from '../python/text.ts'
import { Float } from '../value/value.ts'
import { hasMethod } from './methods.ts'
import { elementOf, ownValue, raw, STATE, StepHolder, STEPS } from './roots.ts'
import type { Scope } from './scope.ts'
import type { SliceBounds } from './syntax.ts'

/** `target.name` @throws {PythonError} */
export function readAttribute(target: Py, name: string, scope: Scope): Py {
  if (target === STATE) return ownValue(scope.state, name)
  if (target === STEPS) return new StepHolder(name)
  if (target instanceof StepHolder) return target.field(scope.state, name)
  if (hasMethod(target, name) && !(target instanceof RawMapping && Object.hasOwn(target.map, name))) {
    throw new PythonError(`'${name}' is a method of ${typeName(target)}: call it, ${name}()`)
  }
  if (target instanceof RawMapping) return raw(ownValue(target.map, name))
  const mapping = plainMapping(target)
  if (mapping !== null) return ownValue(mapping, name)
  const part = isNumeric(target) ? numberPart(target, name) : undefined
  if (part === undefined) throw noAttribute(target, name)
  return part
}

export function noAttribute(target: Py, name: string): PythonError {
  return new PythonError(`'${typeName(target)}' object has no attribute '${name}'`)
}

function numberPart(value: Parameters<typeof magnitude>[0], name: string): Py | undefined {
  if (name === 'real') return isFloat(value) ? value : magnitude(value)
  if (name === 'imag') return isFloat(value) ? new Float(0) : 0
  if (isFloat(value)) return undefined
  return name === 'numerator' ? magnitude(value) : name === 'denominator' ? 1 : undefined
}

/** `target[key]` @throws {PythonError} */
export function readItem(target: Py, key: string | number | bigint, scope: Scope): Py {
  if (target === STATE) return mappingItem(scope.state, key)
  if (target instanceof RawMapping) return raw(ownItem(target, key))
  const mapping = plainMapping(target)
  if (mapping !== null) return mappingItem(mapping, key)
  if (target instanceof PyDict) return ownItem(target, key)
  const items = sequenceItems(target)
  if (items !== null) {
    const kind = typeName(target)
    if (typeof key === 'string') throw new PythonError(`${kind} indices must be integers or slices, not str`)
    const item = items.at(Number(key))
    if (item === undefined) throw new PythonError(`${kind} index out of range`)
    return elementOf(target, item)
  }
  if (typeof target !== 'string') throw notSubscriptable(target)
  if (typeof key === 'string') throw new PythonError("string indices must be integers, not 'str'")
  const character = codePointAt(target, Number(key))
  if (character === undefined) throw new PythonError('string index out of range')
  return character
}

/** Keys of the state are texts; a whole number finds the key that it is written as, or nothing. */
function mappingItem(mapping: Parameters<typeof ownValue>[0], key: string | number | bigint): Py {
  if (typeof key === 'string') return ownValue(mapping, key)
  const name = String(key)
  if (!Object.hasOwn(mapping, name)) throw new PythonError(`no key ${name}`)
  return ownValue(mapping, name)
}

function ownItem(target: RawMapping | PyDict, key: string | number | bigint): ReturnType<typeof ownValue> {
  const item = lookUp(target, key)
  if (item === undefined) throw new PythonError(`no key ${repr(key)}`)
  return item as ReturnType<typeof ownValue>
}

/** `target[start:stop:step]` @throws {PythonError} */
export function readSlice(target: Py, bounds: SliceBounds, scope: Scope): Py {
  if (bounds.step === 0) throw new PythonError('slice step cannot be zero')
  if (typeof target === 'string') {
    const points = codePoints(target)
    const indexes = sliceIndexes(points.length, bounds)
    if (indexes.step === 1)
      return typeof points === 'string'
        ? points.slice(indexes.start, indexes.stop)
        : points.slice(indexes.start, indexes.stop).join('')
    return pick(points, indexes, scope).join('')
  }
  const items = sequenceItems(target)
  if (items === null)
    throw plainMapping(target) === null && !(target instanceof PyDict)
      ? notSubscriptable(target)
      : new PythonError("unhashable type: 'slice'")
  const picked = pick(items, sliceIndexes(items.length, bounds), scope)
  if (!(target instanceof PyList)) return picked as readonly Py[] as ReturnType<typeof ownValue>
  return new PyList(picked, target.isTuple ? 'tuple' : target.isRaw ? 'raw' : 'list')
}

function notSubscriptable(target: Py): PythonError {
  const name = target instanceof Opaque ? target.label : typeName(target)
  return new PythonError(`'${name}' object is not subscriptable`)
}

interface SliceIndexes {
  readonly start: number
  readonly stop: number
  readonly step: number
}

function sliceIndexes(length: number, { start, stop, step }: SliceBounds): SliceIndexes {
  const stride = step ?? 1
  const [low, high] = stride > 0 ? [0, length] : [-1, length - 1]
  const clamp = (index: number): number => Math.min(high, Math.max(low, index < 0 ? index + length : index))
  return {
    start: start === null ? (stride > 0 ? 0 : length - 1) : clamp(start),
    stop: stop === null ? (stride > 0 ? length : -1) : clamp(stop),
    step: stride,
  }
}

function pick<T>(items: ArrayLike<T>, { start, stop, step }: SliceIndexes, scope: Scope): T[] {
  const picked: T[] = []
  scope.spend(Math.max(0, Math.ceil((stop - start) / step)))
  for (let at = start; step > 0 ? at < stop : at > stop; at += step) {
    const item = items[at]
    if (item !== undefined) picked.push(item)
  }
  return picked
}
