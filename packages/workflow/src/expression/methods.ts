import { mappingEntries } from '../python/containers.ts'
import { sequenceItems, valuesEqual } from '../python/equal.ts'
import { PythonError } from '../python/error.ts'
import { isFloat, isNumeric, magnitude, type Numeric } from '../python/number.ts'
import { plainMapping, PyDict, PyList, RawMapping, typeName, type Py } from '../python/objects.ts'
import { Arguments, textMethod } from '../python/text-methods.ts'
import { isList } from '../value/value.ts'
import { lookUp } from '../python/containers.ts'
import { elementOf, ownValue, raw, STATE, StepHolder, STEPS } from './roots.ts'
import type { Scope } from './scope.ts'

const LIST_METHODS: ReadonlySet<string> = new Set(['index', 'count', 'copy', 'pop'])
const TUPLE_METHODS: ReadonlySet<string> = new Set(['index', 'count'])
const MAPPING_METHODS: ReadonlySet<string> = new Set(['get', 'keys', 'values', 'items', 'copy'])
const INT_METHODS: ReadonlySet<string> = new Set(['bit_length', 'bit_count', 'conjugate'])
const FLOAT_METHODS: ReadonlySet<string> = new Set(['is_integer', 'hex', 'conjugate'])
const NO_METHODS: ReadonlySet<string> = new Set()

/** Whether a value has a method of that name. Methods come from tables, never from the value. */
export function hasMethod(target: Py, name: string): boolean {
  return typeof target === 'string' ? textMethod(name) !== undefined : methodsOf(target).has(name)
}

/** `target.name(args)` @throws {PythonError} */
export function callMethod(target: Py, { name, args, scope }: { name: string; args: readonly Py[]; scope: Scope }): Py {
  const key = keyInstead(target, name, scope)
  if (key !== undefined) throw new PythonError(`'${typeName(key)}' object is not callable`)
  const given = new Arguments(name, args)
  if (typeof target === 'string') {
    const method = textMethod(name)
    if (method !== undefined) return method.call(target, given, scope)
  } else if (methodsOf(target).has(name)) {
    if (isNumeric(target)) return isFloat(target) ? floatMethod(target, name, given) : intMethod(target, name, given)
    const items = sequenceItems(target)
    return items === null ? mappingMethod(target, name, given, scope) : listMethod(target, name, given, scope)
  }
  throw new PythonError(`'${typeName(target)}' object has no attribute '${name}'`)
}

/** Where attributes are keys, a call calls what stands under the key; undefined where they are not. */
function keyInstead(target: Py, name: string, scope: Scope): Py | undefined {
  if (target === STATE) return ownValue(scope.state, name)
  if (target === STEPS) return new StepHolder(name)
  if (target instanceof StepHolder) return target.field(scope.state, name)
  if (target instanceof RawMapping) return Object.hasOwn(target.map, name) ? ownValue(target.map, name) : undefined
  const mapping = plainMapping(target)
  return mapping === null ? undefined : ownValue(mapping, name)
}

function methodsOf(target: Py): ReadonlySet<string> {
  if (isNumeric(target)) return isFloat(target) ? FLOAT_METHODS : INT_METHODS
  if (target instanceof PyList) return target.isTuple ? TUPLE_METHODS : LIST_METHODS
  if (target instanceof PyDict || target instanceof RawMapping) return MAPPING_METHODS
  // Lists and mappings of the state have none, in the reference as here.
  return NO_METHODS
}

function intMethod(target: Numeric, name: string, args: Arguments): Py {
  args.count(0, 0)
  const value = magnitude(target)
  if (name === 'conjugate') return value
  const bits = BigInt(value < 0 ? -value : value).toString(2)
  return name === 'bit_length' ? (bits === '0' ? 0 : bits.length) : bits.replaceAll('0', '').length
}

function floatMethod(target: Numeric, name: string, args: Arguments): Py {
  args.count(0, 0)
  const value = Number(magnitude(target))
  if (name === 'conjugate') return target
  return name === 'is_integer' ? Number.isInteger(value) : floatHex(value)
}

/** `0x1.4000000000000p+1` */
function floatHex(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf'
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const sign = bits >> 63n === 1n ? '-' : ''
  if (value === 0) return `${sign}0x0.0p+0`
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = (bits & 0xfffffffffffffn).toString(16).padStart(13, '0')
  const exponent = biased === 0 ? -1022 : biased - 1023
  return `${sign}0x${biased === 0 ? 0 : 1}.${fraction}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`
}

function listMethod(target: Py, name: string, args: Arguments, scope: Scope): Py {
  const items = sequenceItems(target) ?? []
  if (name === 'copy') return args.count(0, 0) && target
  if (name === 'pop') {
    // Nothing keeps the list, so only the element matters.
    const item = items.at(args.count(0, 1).int(0, -1))
    if (item === undefined) throw new PythonError(items.length === 0 ? 'pop from empty list' : 'pop index out of range')
    return elementOf(target, item)
  }
  const wanted = args.count(1, 1).any(0)
  if (name === 'count') return items.filter((item) => valuesEqual(item, wanted, scope)).length
  const index = items.findIndex((item) => valuesEqual(item, wanted, scope))
  if (index === -1) throw new PythonError('the value is not in the list')
  return index
}

function mappingMethod(target: Py, name: string, args: Arguments, scope: Scope): Py {
  const see = (item: Py): Py => (target instanceof RawMapping && !(item instanceof PyList) ? rawItem(item) : item)
  if (name === 'copy') return args.count(0, 0) && target
  if (name === 'get') {
    const item = lookUp(target, args.count(1, 2).any(0))
    return item === undefined ? args.any(1) : see(item)
  }
  args.count(0, 0)
  const entries = Array.from(mappingEntries(target))
  scope.spend(entries.length)
  if (name === 'keys')
    return new PyList(
      entries.map(([key]) => key),
      'list',
    )
  if (name === 'values')
    return new PyList(
      entries.map(([, item]) => see(item)),
      'list',
    )
  return new PyList(
    entries.map(([key, item]) => new PyList([key, see(item)], 'tuple')),
    'list',
  )
}

function rawItem(item: Py): Py {
  const mapping = plainMapping(item)
  if (mapping !== null) return raw(mapping)
  return isList(item) ? raw(item) : item
}
