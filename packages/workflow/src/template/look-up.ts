// What a placeholder finds. Two styles, as in the reference (conformance 103 to 106 pin them):
// `{state.a.b}` goes through a wrapper, on which missing keys and indexes give an empty text;
// `{a[b]}` works on the raw value, where they fail. Below a missing key there is a text, and a text has no attributes.
// Only own keys of mappings and elements of lists are ever reached: no methods, no prototypes.
import { codePointAt } from '../python/code-points.ts'
import { PythonError } from '../python/error.ts'
import { typeName } from '../python/objects.ts'
import { parseInteger } from '../python/parse-number.ts'
import { repr } from '../python/text.ts'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import type { Access, Placeholder } from './template.ts'

export function lookUpPlaceholder({ root, accesses }: Pick<Placeholder, 'root' | 'accesses'>, state: ValueMap): Value {
  const isWrapped = root === 'state'
  // A name that the state does not have stays as it was written.
  let value: Value = isWrapped ? state : ownValue(state, root, `{${root}}`)
  for (const access of accesses) value = isWrapped ? wrappedAccess(value, access) : rawAccess(value, access)
  return value
}

function ownValue(mapping: ValueMap, key: string, otherwise: Value): Value {
  const value = Object.hasOwn(mapping, key) ? mapping[key] : otherwise
  return value === undefined ? otherwise : value
}

function wrappedAccess(value: Value, access: Access): Value {
  if (access.kind === 'attribute') {
    if (!isMapping(value)) throw noAttribute(value, access.name)
    return ownValue(value, access.name, '')
  }
  if (isMapping(value)) return access.index === null ? ownValue(value, access.key, '') : ''
  if (isList(value)) {
    const index = access.index ?? parseInteger(access.key)
    const item = index === null ? undefined : value.at(Number(index))
    return item === undefined ? '' : item
  }
  return scalarItem(value, access)
}

function rawAccess(value: Value, access: Access): Value {
  if (access.kind === 'attribute') throw noAttribute(value, access.name)
  if (isMapping(value)) {
    if (access.index === null && Object.hasOwn(value, access.key)) return ownValue(value, access.key, null)
    throw new PythonError(`no key ${repr(access.index === null ? access.key : access.index)}`)
  }
  if (isList(value)) {
    if (access.index === null) throw new PythonError('list indices must be integers or slices, not str')
    const item = value[access.index]
    if (item === undefined) throw new PythonError('list index out of range')
    return item
  }
  return scalarItem(value, access)
}

function scalarItem(value: Value, { key, index }: Extract<Access, { kind: 'item' }>): Value {
  if (typeof value !== 'string') throw new PythonError(`'${typeName(value)}' object is not subscriptable`)
  if (index === null) throw new PythonError(`string indices must be integers, not 'str' (${repr(key)})`)
  const character = codePointAt(value, index)
  if (character === undefined) throw new PythonError('string index out of range')
  return character
}

function noAttribute(value: Value, name: string): PythonError {
  return new PythonError(`'${typeName(value)}' object has no attribute '${name}'`)
}
