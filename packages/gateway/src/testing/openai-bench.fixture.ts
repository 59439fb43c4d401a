import { afterEach, beforeEach } from 'vitest'
import type { Provider, ProviderReply } from '../provider.ts'
import { openAICompatible } from '../openai/openai-compatible.ts'
import type { RawReply, ServerAnswer } from './answers.ts'
import { startOpenAIServer, type OpenAIServer } from './openai-server.ts'
import { callContext, modelRequest } from './requests.ts'

export const KEY = 'the-secret-key'

/** For this room's own tests: a fresh server and a provider at it for each test, both gone after it. */
export function openAIBench() {
  let server: OpenAIServer
  let provider: Provider
  beforeEach(async () => {
    server = await startOpenAIServer()
    provider = openAICompatible({ name: 'openai', baseURL: server.url, apiKey: KEY })
  })
  afterEach(async () => {
    await provider.close?.()
    await server.close()
  })
  const call = (stream: boolean, answers: readonly ServerAnswer[]): Promise<ProviderReply> => {
    server.next(...answers)
    return provider.call(modelRequest({ stream }), callContext())
  }
  return {
    server: () => server,
    provider: () => provider,
    reply: (...answers: ServerAnswer[]) => call(false, answers),
    streamedReply: (...answers: ServerAnswer[]) => call(true, answers),
    /** What the call throws; `{succeeded}` if it does not. */
    ask: (...answers: ServerAnswer[]) => thrownBy(call(false, answers)),
    askStreaming: (...answers: ServerAnswer[]) => thrownBy(call(true, answers)),
  }
}

export function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => ({ succeeded: value }),
    (error: unknown) => error,
  )
}

export function stream(reply: Omit<RawReply, 'headers'>): ServerAnswer {
  return { kind: 'bytes', headers: { 'content-type': 'text/event-stream' }, ...reply }
}

export function json(...chunks: (string | Uint8Array)[]): ServerAnswer {
  return { kind: 'bytes', headers: { 'content-type': 'application/json' }, chunks }
}
