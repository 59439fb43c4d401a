import { createHash } from 'node:crypto'
import { Float, isList, isMapping, parseValue, ValueError, type Value, type ValueMap } from '@agentloom/workflow'
import type { ToolCall } from '@agentloom/engine/ports'
import type { Failure } from '../failure/errors.ts'

/** More calls in one answer are a model gone astray, not work. */
export const TOOL_CALLS_MAX = 64
/** OpenAI refuses longer ids when they come back. */
const ID_CHARACTERS_MAX = 40

/** A tool call as the wire has it. */
export interface WireToolCall {
  readonly id: string
  readonly name: string
  /** JSON text, if the model was lucky. */
  readonly arguments: string
}

export function tooManyToolCalls(count: number): Failure {
  return { kind: 'too-many-tool-calls', reason: `${count} tool calls in one answer, at most ${TOOL_CALLS_MAX} are run` }
}

/**
 * The calls with ids that are there and unique: a missing or repeated one is made from the call and the position, the same on
 * every replay. Arguments that are no JSON object become null and are not executed.
 * @param seed the call's idempotency key
 */
export function toolCallsFrom(calls: readonly WireToolCall[], seed: string): readonly ToolCall[] {
  const taken = new Set<string>()
  return calls.map(({ id, name, arguments: text }, position) => {
    const isUsable = id.trim() !== '' && id.length <= ID_CHARACTERS_MAX && id.isWellFormed() && !taken.has(id)
    const unique = isUsable ? id : madeId(seed, position)
    taken.add(unique)
    return { id: unique, name, arguments: argumentsOf(text) }
  })
}

function madeId(seed: string, position: number): string {
  return `call_${createHash('sha256').update(seed).digest('hex').slice(0, 16)}_${position}`
}

function argumentsOf(text: string): ValueMap | null {
  try {
    const value = parseValue(text)
    return isMapping(value) && isWellFormed(value) ? value : null
  } catch (error) {
    if (error instanceof ValueError) return null
    throw error
  }
}

function isWellFormed(value: Value): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null || value instanceof Float) return true
  if (isList(value)) return value.every(isWellFormed)
  return Object.entries(value).every(([key, item]) => key.isWellFormed() && isWellFormed(item))
}
