import { codePoints } from '../python/code-points.ts'
import { isMappingLike, mappingEntries, sizeOf } from '../python/containers.ts'
import { ordered } from '../python/compare.ts'
import { isTruthy, sequenceItems } from '../python/equal.ts'
import { PythonError } from '../python/error.ts'
import { absolute, asFloat, isFloat, isNumeric, magnitude } from '../python/number.ts'
import { Opaque, PyList, typeName, type Py } from '../python/objects.ts'
import { parseFloatText, parseInteger } from '../python/parse-number.ts'
import { repr, str } from '../python/text.ts'
import { Arguments } from '../python/text-methods.ts'
import { Float, floatValue, intValue } from '../value/value.ts'
import { elementOf } from './roots.ts'
import { TEXT_LENGTH_MAX, type Scope } from './scope.ts'

type BuiltIn = (args: readonly Py[], scope: Scope) => Py

/** The functions of expressions as values. */
export const FUNCTION_VALUES: ReadonlyMap<string, Opaque> = new Map(
  ['abs', 'isinstance', 'len', 'max', 'min']
    .map((name) => [name, new Opaque('builtin_function_or_method', `built-in function ${name}`)] as const)
    .concat(['bool', 'float', 'int', 'str'].map((name) => [name, new Opaque('type', `class '${name}'`)] as const)),
)

const BUILT_INS: ReadonlyMap<string, BuiltIn> = new Map<string, BuiltIn>([
  ['len', (args) => sizeOf(one('len', args))],
  ['abs', (args) => absoluteOf(one('abs', args))],
  ['bool', (args) => isTruthy(optional('bool', args) ?? null)],
  ['str', (args) => textOf(optional('str', args))],
  ['int', intOf],
  ['float', (args) => floatOf(optional('float', args))],
  ['min', (args, scope) => extreme('min', args, scope)],
  ['max', (args, scope) => extreme('max', args, scope)],
  ['isinstance', isInstance],
])

/** @throws {PythonError} */
export function callFunction(name: string, args: readonly Py[], scope: Scope): Py {
  const builtIn = BUILT_INS.get(name)
  if (builtIn === undefined) throw new PythonError(`'${name}' is not callable`)
  return builtIn(args, scope)
}

function one(name: string, args: readonly Py[]): Py {
  if (args.length !== 1) throw new PythonError(`${name}() takes exactly one argument (${args.length} given)`)
  return args[0] ?? null
}

/** The only argument, or undefined without one: `str()` is `''`. */
function optional(name: string, args: readonly Py[]): Py | undefined {
  if (args.length > 1) throw new PythonError(`${name}() takes at most one argument (${args.length} given)`)
  return args[0]
}

function absoluteOf(value: Py): Py {
  if (!isNumeric(value)) throw new PythonError(`bad operand type for abs(): '${typeName(value)}'`)
  return absolute(value)
}

function textOf(value: Py | undefined): Py {
  return value === undefined ? '' : str(value, TEXT_LENGTH_MAX)
}

function intOf(args: readonly Py[]): Py {
  if (args.length > 2) throw new PythonError(`int() takes at most 2 arguments (${args.length} given)`)
  const [value, ...rest] = args
  if (value === undefined) return 0
  if (typeof value === 'string') {
    const base = new Arguments('int', rest).int(0, 10)
    if (base !== 0 && (base < 2 || base > 36)) throw new PythonError('int() base must be >= 2 and <= 36, or 0')
    const int = parseInteger(value, base)
    if (int === null) throw new PythonError(`invalid literal for int() with base ${base}: ${repr(value.slice(0, 200))}`)
    return intValue(int)
  }
  if (rest.length > 0) throw new PythonError("int() can't convert non-string with explicit base")
  if (!isNumeric(value))
    throw new PythonError(
      `int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`,
    )
  if (!isFloat(value)) return magnitude(value)
  const float = asFloat(value)
  if (Number.isNaN(float)) throw new PythonError('cannot convert float NaN to integer')
  if (!Number.isFinite(float)) throw new PythonError('cannot convert float infinity to integer')
  return intValue(BigInt(Math.trunc(float)))
}

function floatOf(value: Py | undefined): Py {
  if (value === undefined) return new Float(0)
  if (isNumeric(value)) return floatValue(asFloat(value))
  if (typeof value !== 'string')
    throw new PythonError(`float() argument must be a string or a real number, not '${typeName(value)}'`)
  const float = parseFloatText(value)
  if (float === null) throw new PythonError(`could not convert string to float: ${repr(value.slice(0, 200))}`)
  return floatValue(float)
}

function extreme(name: 'min' | 'max', args: readonly Py[], scope: Scope): Py {
  const [only] = args
  if (only === undefined) throw new PythonError(`${name} expected at least 1 argument, got 0`)
  const items = args.length === 1 ? iterate(only, scope) : args
  const operator = name === 'min' ? '<' : '>'
  const [first, ...others] = items
  if (first === undefined) throw new PythonError(`${name}() arg is an empty sequence`)
  return others.reduce((best, item) => (ordered(operator, item, best, scope) ? item : best), first)
}

function iterate(value: Py, scope: Scope): readonly Py[] {
  if (typeof value === 'string') {
    scope.spend(value.length)
    return Array.from(codePoints(value))
  }
  const items = sequenceItems(value)
  if (items !== null) {
    scope.spend(items.length)
    return items.map((item) => elementOf(value, item))
  }
  if (!isMappingLike(value)) throw new PythonError(`'${typeName(value)}' object is not iterable`)
  scope.spend(sizeOf(value))
  return Array.from(mappingEntries(value), ([key]) => key)
}

function isInstance(args: readonly Py[]): Py {
  if (args.length !== 2) throw new PythonError(`isinstance expected 2 arguments, got ${args.length}`)
  return matchesType(args[0] ?? null, args[1] ?? null)
}

function matchesType(value: Py, type: Py): boolean {
  if (type instanceof PyList && type.isTuple) return type.items.some((item) => matchesType(value, item))
  if (!(type instanceof Opaque) || type.typeName !== 'type') {
    throw new PythonError('isinstance() arg 2 must be a type, a tuple of types, or a union')
  }
  const name = typeName(value)
  // A boolean is an int to Python.
  return type === FUNCTION_VALUES.get(name) || (name === 'bool' && type === FUNCTION_VALUES.get('int'))
}
