// What the reader refuses although it is well-formed. Each rule is one of expressions.md §3 to §7.
import { ExpressionError } from './errors.ts'
import type { ExpressionRules } from './expression.ts'
import type { Node } from './syntax.ts'

/** Functions by name, also usable as values: `isinstance(x, str)`. */
export const FUNCTIONS: ReadonlySet<string> = new Set([
  'abs',
  'bool',
  'float',
  'int',
  'isinstance',
  'len',
  'max',
  'min',
  'str',
])

/** Operators of Python that expressions do not have, by the name that the reference's message gives them. */
export const FORBIDDEN_OPERATORS: ReadonlyMap<string, string> = new Map([
  ['*', 'multiplication'],
  ['/', 'division'],
  ['//', 'division'],
  ['%', 'the modulo operator'],
  ['**', 'the power operator'],
  ['@', 'matrix multiplication'],
  ['<<', 'shifting'],
  ['>>', 'shifting'],
  ['&', 'a bitwise operator'],
  ['|', 'a bitwise operator'],
  ['^', 'a bitwise operator'],
])

/** Names that lead out of the data in Python or in JavaScript. As keys they are missing anyway, as methods they do not exist. */
const FORBIDDEN_ATTRIBUTES: ReadonlySet<string> = new Set(['mro', 'format_map'])
const FORBIDDEN_METHODS: ReadonlySet<string> = new Set(['format', 'encode', 'constructor', 'maketrans', 'translate'])

export function forbidden(message: string, offset: number, help: string | null = null): ExpressionError {
  return new ExpressionError('expression/forbidden', message, { offset, help })
}

export function checkName(name: string, offset: number): void {
  if (name.startsWith('_'))
    throw forbidden(
      `the name '${shorten(name)}' begins with an underscore, which is not allowed in expressions`,
      offset,
    )
}

/** Of an attribute, or of a key in brackets. */
export function checkAttribute(name: string, offset: number): void {
  if (name.startsWith('_') || FORBIDDEN_ATTRIBUTES.has(name))
    throw forbidden(`access to '${shorten(name)}' is not allowed in expressions`, offset)
}

/** A method is called on something that was read or computed, never on a literal. */
export function checkMethodCall(target: Node, name: string, offset: number): void {
  if (FORBIDDEN_METHODS.has(name)) throw forbidden(`the method '${name}' is not allowed in expressions`, offset)
  if (target.kind === 'constant' || target.kind === 'sequence' || target.kind === 'mapping') {
    throw forbidden('methods of literals are not allowed in expressions', offset, 'call it on a value of the state')
  }
}

/** Keys in brackets are literal whole numbers (perhaps negative) or texts; everything else could hide what is read. */
export function literalKey(key: Node, { refusesNegativeIndex }: ExpressionRules): string | number | bigint {
  const index = refusesNegativeIndex && key.kind !== 'constant' ? null : literalInt(key)
  if (index !== null) return index
  if (key.kind === 'constant' && typeof key.value === 'string') {
    checkAttribute(key.value, key.offset)
    return key.value
  }
  throw forbidden('a key in brackets must be a literal whole number or text', key.offset)
}

/** A bound of a slice: a literal whole number with an optional sign. */
export function literalBound(bound: Node): number {
  const index = literalInt(bound)
  if (index === null) throw forbidden('the bounds of a slice must be literal whole numbers', bound.offset)
  return Number(index)
}

function literalInt(node: Node): number | bigint | null {
  if (node.kind === 'negate' || node.kind === 'plus') {
    const size = node.operand.kind === 'constant' ? literalInt(node.operand) : null
    return size === null || node.kind === 'plus' ? size : -size
  }
  if (node.kind !== 'constant') return null
  const { value } = node
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value)) ? value : null
}

export function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
