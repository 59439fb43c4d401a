import { LRUCache } from 'lru-cache'
import { Float, isList, isMapping, parseValue, str, ValueError, type Value, type ValueMap } from '@agentloom/workflow'
import type { ModelRequest, TokenUsage, ToolCall } from '@agentloom/engine/ports'
import { ProviderError } from '../failure/errors.ts'
import { requestHash } from './request-hash.ts'

/** One answer of a responses file or recording (`_version: 2`), its gaps filled. */
export interface RecordedAnswer {
  readonly text: string
  /** Null: the requested one. */
  readonly model: string | null
  readonly provider: string
  readonly usage: TokenUsage
  readonly costNanoUsd: number
  /** Null where the recording has none. */
  readonly latencyMs: number | null
  readonly finishReason: string
  readonly toolCalls: readonly ToolCall[]
}

/** Parsed files that are kept, in characters of their text: a worker runs few different workflows with recordings at a time. */
const PARSED_CHARACTERS_MAX = 64 * 1024 * 1024
const NANO_PER_USD = 1_000_000_000

const parsedFiles = new LRUCache<string, ValueMap>({
  maxSize: PARSED_CHARACTERS_MAX,
  sizeCalculation: (_file, text) => text.length + 1,
})

const defaultAnswer = answerOf({ content: 'Mock response' })

/**
 * The answer to a request: by step id, else by the request's hash, else `Mock response`. A list is played by `request.turn`, its last
 * turn repeats. Where the step id is a key whose entry is unusable, the hash is not tried.
 * @param text of the responses file; null without one
 * @throws {ProviderError} `provider/mock-file`
 */
export function recordedAnswer(text: string | null, request: ModelRequest): RecordedAnswer {
  if (text === null) return defaultAnswer
  const file = parsedFile(text)
  const key = Object.hasOwn(file, request.stepId) ? request.stepId : requestHash(request)
  const entry = Object.hasOwn(file, key) ? (file[key] ?? null) : null
  const turn = isList(entry) ? (entry[Math.min(request.turn, entry.length - 1)] ?? null) : entry
  return isMapping(turn) ? answerOf(turn) : defaultAnswer
}

function parsedFile(text: string): ValueMap {
  let file = parsedFiles.get(text)
  if (file === undefined) {
    file = parseFile(text)
    parsedFiles.set(text, file)
  }
  return file
}

function parseFile(text: string): ValueMap {
  try {
    const file = parseValue(text)
    if (isMapping(file)) return file
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    throw new ProviderError('mock', { kind: 'mock-file', reason: `responses_file: ${error.message}` })
  }
  throw new ProviderError('mock', { kind: 'mock-file', reason: 'responses_file must contain a JSON object' })
}

function answerOf(entry: ValueMap): RecordedAnswer {
  const usage = mappingAt(entry, 'usage')
  const promptTokens = countAt(usage, 'prompt_tokens')
  const completionTokens = countAt(usage, 'completion_tokens')
  const reasoningTokens = countAt(usage, 'reasoning_tokens')
  return {
    text: textAt(entry, 'content') ?? '',
    model: textAt(entry, 'model'),
    provider: textAt(entry, 'provider') ?? 'mock',
    // A recorded total is not believed: it is always the sum, as everywhere in the gateway.
    usage: {
      promptTokens,
      completionTokens,
      reasoningTokens,
      totalTokens: promptTokens + completionTokens + reasoningTokens,
    },
    costNanoUsd: countOf(numberAt(entry, 'cost_usd') * NANO_PER_USD),
    latencyMs: Object.hasOwn(entry, 'latency_ms') ? Math.max(0, numberAt(entry, 'latency_ms')) : null,
    finishReason: Object.hasOwn(entry, 'finish_reason') ? (textAt(entry, 'finish_reason') ?? '') : 'stop',
    toolCalls: toolCallsOf(entry),
  }
}

function toolCallsOf(entry: ValueMap): readonly ToolCall[] {
  const calls = Object.hasOwn(entry, 'tool_calls') ? entry['tool_calls'] : []
  if (!isList(calls)) return []
  return calls.flatMap((call, index) => {
    const name = isMapping(call) ? textAt(call, 'name') : null
    if (!isMapping(call) || name === null) return []
    const args = Object.hasOwn(call, 'arguments') ? (call['arguments'] ?? null) : {}
    return [{ id: textAt(call, 'id') ?? `call_${index + 1}`, name, arguments: isMapping(args) ? args : null }]
  })
}

/** Text of any value, as the reference would put it into a prompt; null where there is nothing. */
function textAt(entry: ValueMap, key: string): string | null {
  const value = Object.hasOwn(entry, key) ? entry[key] : null
  return value === null || value === undefined ? null : typeof value === 'string' ? value : str(value)
}

function mappingAt(entry: ValueMap, key: string): ValueMap {
  const value: Value = Object.hasOwn(entry, key) ? (entry[key] ?? null) : null
  return isMapping(value) ? value : {}
}

function countAt(entry: ValueMap, key: string): number {
  return countOf(numberAt(entry, key))
}

/** A recording is somebody's text: what is no count is 0, so that sums stay exact. */
function countOf(value: number): number {
  const whole = Math.round(value)
  return Number.isSafeInteger(whole) && whole > 0 ? whole : 0
}

function numberAt(entry: ValueMap, key: string): number {
  const value = Object.hasOwn(entry, key) ? entry[key] : 0
  if (value instanceof Float) return value.value
  return typeof value === 'number' ? value : 0
}
