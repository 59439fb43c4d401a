import { BuilderError } from './errors.ts'
import { expressionPath, type OutputNames, pythonText } from './place.ts'
import { type AnyRef, type Named, namedBy, type Ref } from './ref.ts'

/** A condition of a router, or a value computed for one; made by {@link eq} and its like. */
export class Condition<T = boolean> {
  // Only for the type: what the expression gives.
  declare readonly gives: T
  readonly named: readonly Named[]
  readonly #text: (outputs: OutputNames) => string
  readonly #isCompound: boolean
  constructor(named: readonly Named[], text: (outputs: OutputNames) => string, { isCompound = false } = {}) {
    this.named = named
    this.#text = text
    this.#isCompound = isCompound
  }

  /** As an expression of the format. */
  expression(outputs: OutputNames): string {
    return this.#text(outputs)
  }

  /** The same as a part of another one. */
  operand(outputs: OutputNames): string {
    return this.#isCompound ? `(${this.#text(outputs)})` : this.#text(outputs)
  }
}

type Operand<T> = T | Ref<T> | Condition<T>
type Ordered = number | string

export function eq<T>(left: Ref<T> | Condition<T>, right: Operand<NoInfer<T>>): Condition {
  return joined('==', [left, right])
}

export function ne<T>(left: Ref<T> | Condition<T>, right: Operand<NoInfer<T>>): Condition {
  return joined('!=', [left, right])
}

export function lt<T extends Ordered>(left: Ref<T> | Condition<T>, right: Operand<NoInfer<T>>): Condition {
  return joined('<', [left, right])
}

export function lte<T extends Ordered>(left: Ref<T> | Condition<T>, right: Operand<NoInfer<T>>): Condition {
  return joined('<=', [left, right])
}

export function gt<T extends Ordered>(left: Ref<T> | Condition<T>, right: Operand<NoInfer<T>>): Condition {
  return joined('>', [left, right])
}

export function gte<T extends Ordered>(left: Ref<T> | Condition<T>, right: Operand<NoInfer<T>>): Condition {
  return joined('>=', [left, right])
}

/** Whether a text has a part, or a list an element. */
export function contains(whole: Ref<string> | Condition<string>, part: Operand<string>): Condition
export function contains<Item>(whole: Ref<readonly Item[]>, part: Operand<NoInfer<Item>>): Condition
export function contains(whole: unknown, part: unknown): Condition {
  return joined('in', [part, whole])
}

/** Whether nothing is there: the step was skipped, or gave null. */
export function isNull(value: AnyRef): Condition {
  const operand = operandOf(value)
  return new Condition(operand.named, (outputs) => `${operand.operand(outputs)} is None`, { isCompound: true })
}

export function and(...conditions: (Condition | Ref<boolean>)[]): Condition {
  return joined('and', conditions)
}

export function or(...conditions: (Condition | Ref<boolean>)[]): Condition {
  return joined('or', conditions)
}

export function not(condition: Condition | Ref<boolean>): Condition {
  const operand = operandOf(condition)
  return new Condition(operand.named, (outputs) => `not ${operand.operand(outputs)}`, { isCompound: true })
}

/** The text in small letters. */
export function lower(value: Ref<string> | Condition<string>): Condition<string> {
  const operand = operandOf(value)
  return new Condition<string>(operand.named, (outputs) => `${operand.operand(outputs)}.lower()`)
}

/** Characters of a text, elements of a list. */
export function length(value: Ref<string> | Ref<readonly unknown[]> | Condition<string>): Condition<number> {
  const operand = operandOf(value)
  return new Condition<number>(operand.named, (outputs) => `len(${operand.expression(outputs)})`)
}

function joined(operator: string, values: readonly unknown[]): Condition {
  if (values.length === 0) throw new BuilderError(`${operator}() needs at least one condition`)
  const operands = values.map(operandOf)
  return new Condition(
    operands.flatMap(({ named }) => named),
    (outputs) => operands.map((operand) => operand.operand(outputs)).join(` ${operator} `),
    { isCompound: true },
  )
}

function operandOf(value: unknown): Condition<unknown> {
  if (value instanceof Condition) return value
  const named = namedBy(value)
  if (named !== null) return new Condition<unknown>([named], (outputs) => expressionPath(named, outputs))
  const literal = literalText(value)
  return new Condition<unknown>([], () => literal)
}

function literalText(value: unknown): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return pythonText(value)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  throw new BuilderError('a condition compares references with texts, finite numbers, booleans and null')
}

/** What a condition, or a reference to a boolean, names. */
export function namedInCondition(condition: Condition | Ref<boolean>): readonly Named[] {
  return condition instanceof Condition ? condition.named : [nameOf(condition)]
}

/** As an expression of the format. */
export function conditionText(condition: Condition | Ref<boolean>, outputs: OutputNames): string {
  return condition instanceof Condition ? condition.expression(outputs) : expressionPath(nameOf(condition), outputs)
}

function nameOf(condition: Ref<boolean>): Named {
  const named = namedBy(condition)
  if (named === null) throw new BuilderError('a condition is made by eq(), and() and the like, or is a reference')
  return named
}
