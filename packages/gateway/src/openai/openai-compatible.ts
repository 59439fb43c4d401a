import type { LanguageModelV4 } from '@ai-sdk/provider'
import { LRUCache } from 'lru-cache'
import type { Clock } from '@agentloom/engine/ports'
import { systemClock } from '../clock.ts'
import { estimatedUsage } from '../cost/estimate.ts'
import { billed, ProviderError, ProviderSettingError, type Fail } from '../failure/errors.ts'
import { withoutSecrets } from '../failure/secrets.ts'
import type { Provider, ProviderReply } from '../provider.ts'
import { checkedBaseURL, checkedDeadlines, checkedKey } from './settings.ts'
import { watchCall, type Deadlines } from './deadlines.ts'
import { finishedReply } from './finish.ts'
import { callOptions } from './prompt.ts'
import { failureBehind } from './sdk-failure.ts'
import { answerOfStream } from './stream.ts'
import { answerOfReply } from './unary.ts'
import { wholeCharacters } from './whole-characters.ts'
import { createWire, type WireCall } from './wire.ts'

export interface OpenAICompatibleOptions {
  /** Also the first half of `provider/model`. */
  readonly name: string
  /** Up to and without `/chat/completions`: `https://api.openai.com/v1`. */
  readonly baseURL: string
  /** Sent as bearer token; none for servers without keys. Never appears in errors. */
  readonly apiKey?: string | null
  /** Further request headers. */
  readonly headers?: Readonly<Record<string, string>>
  /** The only models that it serves. Default: whatever is asked for. */
  readonly models?: readonly string[]
  /** Whether a model is one of its own, where no list says so. */
  readonly supports?: (model: string) => boolean
  /** The vendor's name of a requested model. Default: the same. */
  readonly modelFor?: (requested: string) => string
  /** Nothing is billed (a server of one's own): cost is 0 instead of unknown. Default false. */
  readonly isFree?: boolean
  /** Those left out are `DEADLINES`. */
  readonly deadlines?: Partial<Deadlines>
  readonly clock?: Clock
}

/** Built models that are kept: each holds compiled schemas. */
const MODELS_MAX = 64
/** Reasoning models of OpenAI's refuse `max_tokens`. */
const REASONING_MODEL = /^(?:o\d|gpt-(?:[5-9]|\d\d))/

/**
 * A vendor or server that speaks OpenAI's chat completions: OpenAI, Ollama's `/v1`, vLLM, OpenRouter and many more. Loads the SDK
 * and opens connections on the first call. Calls throw `ProviderError` or the signal's reason.
 * @throws {ProviderSettingError}
 */
export function openAICompatible(options: OpenAICompatibleOptions): Provider {
  const { name, clock = systemClock, models, modelFor = (model) => model } = options
  const baseURL = checkedBaseURL(`${name}.baseURL`, options.baseURL)
  const apiKey = checkedKey(`${name}.apiKey`, options.apiKey ?? null)
  const deadlines = checkedDeadlines(`${name}.deadlines`, options.deadlines)
  if (models?.length === 0) throw new ProviderSettingError(`${name}.models`, 'an empty list serves nothing')
  const secrets = [...(apiKey === null ? [] : [apiKey]), ...Object.values(options.headers ?? {})]
  const fail: Fail = (failure) =>
    new ProviderError(name, { ...failure, reason: withoutSecrets(failure.reason, secrets) })
  const wire = createWire({ fail, connectMs: deadlines.connectMs, clock })
  const listed = models && new Set(models)
  const built = new LRUCache<string, LanguageModelV4>({ max: MODELS_MAX })
  let sdk: Promise<(model: string) => LanguageModelV4> | null = null

  const load = async (): Promise<(model: string) => LanguageModelV4> => {
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
    const vendor = createOpenAICompatible({
      name,
      baseURL,
      ...(apiKey !== null && { apiKey }),
      ...(options.headers && { headers: { ...options.headers } }),
      includeUsage: true,
      fetch: wire.fetch,
      transformRequestBody: withTokenLimitFor,
    })
    return (model) => vendor.chatModel(model)
  }
  const modelOf = async (model: string): Promise<LanguageModelV4> => {
    const make = await (sdk ??= load())
    let found = built.get(model)
    if (found === undefined) built.set(model, (found = make(model)))
    return found
  }

  return {
    name,
    supports: (model) => listed?.has(model) ?? options.supports?.(model) ?? true,
    async call(request, context) {
      const model = await modelOf(modelFor(request.model))
      const isStream = request.stream
      using watch = watchCall({ fail, clock, deadlines, caller: context.signal, isStream })
      const call: WireCall = { watch, isStream, isAnswered: false }
      wire.announce(call)
      const settings = { ...callOptions(request), abortSignal: watch.signal }
      let text = ''
      try {
        let answer
        if (isStream) {
          const show = wholeCharacters(context.onText ?? (() => {}))
          const { stream } = await model.doStream({ ...settings, includeRawChunks: true })
          answer = await answerOfStream(stream, {
            fail,
            onBegun: () => watch.begun(),
            onText(piece) {
              text += piece
              show(piece)
            },
          })
        } else answer = answerOfReply(await model.doGenerate(settings), fail)
        text = answer.text
        const reply = finishedReply(answer, fail, context.idempotencyKey)
        return { ...reply, ...(options.isFree === true && { costNanoUsd: 0 }) } satisfies ProviderReply
      } catch (error) {
        if (context.signal.aborted) throw context.signal.reason
        const failure = failureBehind(watch.signal.aborted ? watch.signal.reason : error, fail)
        const isBilled = call.isAnswered || failure.kind === 'interrupted' || failure.kind === 'slow'
        if (!isBilled) throw failure
        throw billed(failure, estimatedUsage(request, text))
      }
    },
    close: () => wire.close(),
  }
}

function withTokenLimitFor(body: Record<string, unknown>): Record<string, unknown> {
  const { max_tokens: limit, ...rest } = body
  if (limit === undefined || typeof body['model'] !== 'string' || !REASONING_MODEL.test(body['model'])) return body
  return { ...rest, max_completion_tokens: limit }
}
