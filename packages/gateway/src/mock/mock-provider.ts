import type { MockSettings } from '@agentloom/workflow'
import type { Clock, Random } from '@agentloom/engine/ports'
import { systemClock } from '../clock.ts'
import type { Provider } from '../provider.ts'
import { recordedAnswer } from './recorded-answers.ts'

export interface MockOptions {
  readonly clock?: Clock
  /** For `latency_model: normal`. */
  readonly random?: Random
  /** For requests that bring no settings of their own. Default: no answers, no latency. */
  readonly settings?: MockSettings
}

/** A latency beyond this is a slip of the recording, and nobody waits for a slip. */
const LATENCY_MAX_MS = 24 * 60 * 60 * 1_000

/**
 * Answers from a recording, without network, limits or cost but the recorded one. Streams its text as one piece.
 * Its calls throw `provider/mock-file` when the recording cannot be read.
 */
export function mockProvider(options: MockOptions = {}): Provider {
  const { clock = systemClock, random = Math.random } = options
  const ownSettings = options.settings ?? { responses: null, latencyModel: 'constant', latencyMs: 0 }
  return {
    name: 'mock',
    async call(request, context) {
      const settings = request.mock ?? ownSettings
      const answer = recordedAnswer(settings.responses, request)
      const waitMs = latencyMs(settings, answer.latencyMs, random)
      if (waitMs > 0) await clock.sleep(waitMs, context.signal)
      context.onText?.(answer.text)
      return {
        text: answer.text,
        toolCalls: answer.toolCalls,
        model: answer.model ?? request.model,
        provider: answer.provider,
        finishReason: answer.finishReason,
        usage: answer.usage,
        costNanoUsd: answer.costNanoUsd,
      }
    },
  }
}

function latencyMs(settings: MockSettings, recordedMs: number | null, random: Random): number {
  const ms = settings.latencyModel === 'replay' ? (recordedMs ?? settings.latencyMs) : settings.latencyMs
  const drawn = settings.latencyModel === 'normal' ? ms + gaussian(random) * Math.max(ms / 10, 1) : ms
  return Math.min(Math.max(drawn, 0), LATENCY_MAX_MS)
}

/** Box–Muller: mean 0, deviation 1. */
function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
