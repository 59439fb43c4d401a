import { Float, isList, isMapping, type Value, type ValueMap } from '@agentloom/workflow'
import { Fault } from './errors.ts'

/** Timers hold no more (2^31 - 1 ms, 24.8 days); a longer wish means the same as this. */
export const TIMER_MS_MAX = 2_147_483_647

/** @throws {Fault} the argument's quoted name alone, as the Python engine says it, when it is missing */
export function required(args: ValueMap, name: string): Value {
  const value = Object.hasOwn(args, name) ? args[name] : undefined
  if (value === undefined) throw new Fault(`'${name}'`, { retryable: false, help: `give the argument '${name}'` })
  return value
}

/** An argument that was left out, or is null, is `fallback`. */
export function optional(args: ValueMap, name: string, fallback: Value): Value {
  return (Object.hasOwn(args, name) ? args[name] : null) ?? fallback
}

export function asText(value: Value, name: string): string {
  if (typeof value === 'string') return value
  throw new Fault(`argument '${name}' must be text, not ${kindOf(value)}`, { retryable: false })
}

/** Seconds, as users write them, in milliseconds. */
export function asTimeoutMs(value: Value, name: string): number {
  const seconds = value instanceof Float ? value.value : typeof value === 'bigint' ? Number(value) : value
  if (typeof seconds !== 'number' || !(seconds > 0))
    throw new Fault(`argument '${name}' must be a number of seconds above 0`, { retryable: false })
  return Math.min(Math.max(1, Math.ceil(seconds * 1000)), TIMER_MS_MAX)
}

/** The name under which the Python engine's messages know a value's type. */
export function kindOf(value: Value): string {
  if (value === null) return 'NoneType'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'str'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  if (isList(value)) return 'list'
  return isMapping(value) ? 'dict' : 'float'
}
