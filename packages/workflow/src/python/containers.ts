import { isList, type ValueMap } from '../value/value.ts'
import { codePointLength } from './code-points.ts'
import { PythonError } from './error.ts'
import { isFloat, isNumeric, magnitude } from './number.ts'
import { Opaque, plainMapping, PyDict, PyList, typeName, type Py } from './objects.ts'

/** `len` of whatever has one. @throws {PythonError} */
export function sizeOf(value: Py): number {
  if (typeof value === 'string') return codePointLength(value)
  if (isList(value)) return value.length
  if (value instanceof PyList) return value.items.length
  if (value instanceof PyDict) return value.entries.size
  const plain = plainMapping(value)
  if (plain !== null) return Object.keys(plain).length
  throw new PythonError(`object of type '${typeName(value)}' has no len()`)
}

export function isMappingLike(value: Py): boolean {
  return value instanceof PyDict || plainMapping(value) !== null
}

/** The value under a key of a mapping, or undefined. @throws {PythonError} for a key that has no hash */
export function lookUp(mapping: Py, key: Py): Py | undefined {
  if (mapping instanceof PyDict) return mapping.entries.get(hashKey(key))?.[1]
  const plain = plainMapping(mapping)
  if (typeof key === 'string') return plain !== null && Object.hasOwn(plain, key) ? plain[key] : undefined
  hashKey(key)
  return undefined
}

export function mappingEntries(mapping: Py): Iterable<readonly [Py, Py]> {
  if (mapping instanceof PyDict) return mapping.entries.values()
  const plain: ValueMap = plainMapping(mapping) ?? {}
  return Object.entries(plain)
}

/** Equal keys, equal text: `1`, `1.0` and `True` are one key. @throws {PythonError} for lists and mappings */
export function hashKey(key: Py): string {
  if (typeof key === 'string') return `s${key}`
  if (key === null) return 'N'
  if (isNumeric(key)) {
    const plain = magnitude(key)
    return typeof plain === 'number' && !Number.isFinite(plain)
      ? `f${plain}`
      : isFloat(key) && !Number.isInteger(plain)
        ? `f${plain}`
        : `i${BigInt(plain)}`
  }
  if (key instanceof PyList && key.isTuple) {
    const parts = key.items.map(hashKey)
    return `t${parts.map((part) => `${part.length}:${part}`).join('')}`
  }
  if (key instanceof Opaque) return `o${key.label}`
  throw new PythonError(`unhashable type: '${typeName(key)}'`)
}
