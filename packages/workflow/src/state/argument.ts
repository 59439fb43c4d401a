import type { Argument } from '../plan/plan.ts'
import type { Value, ValueMap } from '../value/value.ts'
import type { Reference } from './reference.ts'
export function parseArgument(value: Value, options: { readonly recursive: boolean }): Argument {
  throw new Error(`being written: ${typeof value} ${options.recursive}`)
}
export function resolveArgument(argument: Argument, state: ValueMap): Value {
  throw new Error(`being written: ${argument.kind} ${typeof state}`)
}
export function argumentReferences(argument: Argument): readonly Reference[] {
  throw new Error(`being written: ${argument.kind}`)
}
