import { fromPlain } from '../value/from-plain.ts'
import type { Value, ValueMap } from '../value/value.ts'
import { BuilderError } from './errors.ts'
import { type OutputNames, statePath } from './place.ts'
import { type AnyRef, type Named, namedBy, type Ref } from './ref.ts'
import { Secret } from './secret.ts'
import { escaped, Text } from './text.ts'

type Scalar = number | boolean | null | undefined

/** What may stand for a value of type `T` in a function's input: the value itself, a reference, a text; at every depth. */
export type Input<T> =
  | Ref<T>
  | (T extends string
      ? T | Text | Secret
      : T extends Scalar
        ? T
        : T extends readonly (infer Item)[]
          ? readonly Input<Item>[]
          : { readonly [Key in keyof T]: Input<T[Key]> })

/** Arguments of a tool: references and texts at the top only; what lies deeper is passed on as it is. */
export interface ToolArguments {
  readonly [name: string]: AnyRef | Text | Secret | Plain
}
type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain }

/** The references in an argument, at every depth. */
export function namedIn(value: unknown): readonly Named[] {
  const named = namedBy(value)
  if (named !== null) return [named]
  if (value instanceof Text) return value.named
  if (Array.isArray(value)) return value.flatMap(namedIn)
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(namedIn) : []
}

/** Arguments as the format writes them. `isRecursive`: the format reads nested texts too (functions, not tools). */
export function argumentsAs(
  values: object,
  {
    stepId,
    isRecursive,
    outputs,
  }: { readonly stepId: string; readonly isRecursive: boolean; readonly outputs: OutputNames },
): ValueMap {
  const write = (value: unknown, depth: number): Value => {
    const named = namedBy(value)
    if (named !== null || value instanceof Text || value instanceof Secret) {
      if (depth > 0 && !isRecursive) {
        throw new BuilderError('references inside lists and mappings are not read in arguments of a tool', {
          step: stepId,
          help: 'put it at the top, or call a function',
        })
      }
      if (value instanceof Secret) return value.field
      return value instanceof Text ? value.template(outputs) : statePath(named ?? { stepId: null, path: [] }, outputs)
    }
    if (typeof value === 'string') return depth > 0 && !isRecursive ? value : literal(value, stepId)
    if (Array.isArray(value)) return value.map((item) => write(item, depth + 1))
    if (typeof value === 'object' && value !== null && isPlainObject(value)) return writeAll(value, depth + 1)
    return fromPlain(value)
  }
  const writeAll = (entries: object, depth: number): ValueMap => {
    const written: Record<string, Value> = {}
    for (const [key, value] of Object.entries(entries)) if (value !== undefined) written[key] = write(value, depth)
    return written
  }
  return writeAll(values, 0)
}

/** A reference to a list, or a list with references and texts in it. */
export function itemsAs(items: unknown, at: { readonly stepId: string; readonly outputs: OutputNames }): Value {
  return argumentsAs({ items }, { ...at, isRecursive: true })['items'] ?? null
}

/** A text that means itself. */
function literal(value: string, stepId: string): string {
  if (value.startsWith('state.')) {
    throw new BuilderError(`a literal text cannot begin with "state."`, { step: stepId, help: 'use a reference' })
  }
  return value.includes('{') ? escaped(value) : value
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
