import { ordered } from '../python/compare.ts'
import { isMappingLike, lookUp } from '../python/containers.ts'
import { sequenceItems, valuesEqual } from '../python/equal.ts'
import { PythonError } from '../python/error.ts'
import { includesText } from '../python/finder.ts'
import { add, isNumeric, magnitude, negate, subtract } from '../python/number.ts'
import { plainMapping, PyDict, PyList, RawMapping, typeName, type Py } from '../python/objects.ts'
import { isList } from '../value/value.ts'
import { elementOf } from './roots.ts'
import type { Scope } from './scope.ts'
import type { Comparison } from './syntax.ts'

export function compare(operator: Comparison, left: Py, right: Py, scope: Scope): boolean {
  switch (operator) {
    case '==':
      return isEqual(left, right, scope)
    case '!=':
      return !isEqual(left, right, scope)
    case 'in':
      return isIn(left, right, scope)
    case 'not in':
      return !isIn(left, right, scope)
    case 'is':
      return isSame(left, right, scope)
    case 'is not':
      return !isSame(left, right, scope)
    default:
      return ordered(operator, left, right, scope)
  }
}

function isEqual(left: Py, right: Py, scope: Scope): boolean {
  if (scope.rules.containersEqualNothing && (holdsStateContainer(left) || holdsStateContainer(right))) return false
  return valuesEqual(left, right, scope)
}

/** A list or mapping that is read through `state`, alone or in a list that the expression made; through `steps` they are raw. */
function holdsStateContainer(value: Py): boolean {
  if (isList(value)) return true
  if (value instanceof PyList) return !value.isRaw && value.items.some(holdsStateContainer)
  if (value instanceof PyDict) return value.entries.values().some(([, item]) => holdsStateContainer(item))
  return !(value instanceof RawMapping) && plainMapping(value) !== null
}

/** Identity where it says something: one None, one True; other scalars of the same type when they are equal. */
function isSame(left: Py, right: Py, scope: Scope): boolean {
  if (isNumeric(left) && isNumeric(right)) return typeName(left) === typeName(right) && valuesEqual(left, right)
  return left === right && !(scope.rules.containersEqualNothing && holdsStateContainer(left))
}

function isIn(item: Py, container: Py, scope: Scope): boolean {
  if (typeof container === 'string') {
    if (typeof item !== 'string')
      throw new PythonError(`'in <string>' requires string as left operand, not ${typeName(item)}`)
    return includesText(container, item)
  }
  const items = sequenceItems(container)
  if (items !== null) return items.some((element) => isEqual(elementOf(container, element), item, scope))
  if (isMappingLike(container)) return lookUp(container, item) !== undefined
  throw new PythonError(`argument of type '${typeName(container)}' is not iterable`)
}

export function plus(left: Py, right: Py, scope: Scope): Py {
  if (isNumeric(left) && isNumeric(right)) return add(left, right)
  if (typeof left === 'string' && typeof right === 'string') {
    scope.checkLength(left.length + right.length)
    return left + right
  }
  if (typeof left === 'string') throw new PythonError(`can only concatenate str (not "${typeName(right)}") to str`)
  if (left instanceof PyList && right instanceof PyList && left.isTuple === right.isTuple) {
    scope.spend(left.items.length + right.items.length)
    return new PyList([...seen(left), ...seen(right)], left.isTuple ? 'tuple' : 'list')
  }
  // Lists of the state cannot be joined, as in the reference (conformance 121).
  throw new PythonError(`unsupported operand type(s) for +: '${typeName(left)}' and '${typeName(right)}'`)
}

export function minus(left: Py, right: Py): Py {
  if (isNumeric(left) && isNumeric(right)) return subtract(left, right)
  throw new PythonError(`unsupported operand type(s) for -: '${typeName(left)}' and '${typeName(right)}'`)
}

export function signed(sign: '+' | '-', value: Py): Py {
  if (!isNumeric(value)) throw new PythonError(`bad operand type for unary ${sign}: '${typeName(value)}'`)
  if (sign === '-') return negate(value)
  return typeof value === 'boolean' ? magnitude(value) : value
}

function seen(list: PyList): readonly Py[] {
  return list.items.map((item) => elementOf(list, item))
}
