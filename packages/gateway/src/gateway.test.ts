import { expect, test } from 'vitest'
import type { CallAttempt } from './call/attempt.ts'
import { createGateway } from './gateway.ts'
import { NoProviderError, ProviderError, ProvidersUnavailableError } from './failure/errors.ts'
import type { FailureKind } from './failure/treatment.ts'
import type { Provider, ProviderReply } from './provider.ts'
import { fakeClock } from './testing/fake-clock.ts'
import { callContext, modelRequest } from './testing/requests.ts'

/** Plays outcomes one by one, the last for ever, and counts. */
function playing(name: string, ...outcomes: (ProviderReply | Error)[]): Provider & { calls: number } {
  return {
    name,
    calls: 0,
    async call() {
      const outcome = outcomes[Math.min(this.calls++, outcomes.length - 1)]
      if (outcome === undefined) throw new Error('nothing to play')
      if (outcome instanceof Error) throw outcome
      return outcome
    },
  }
}

function failure(kind: FailureKind, more: { status?: number; retryAfterMs?: number } = {}): ProviderError {
  return new ProviderError('a', { kind, reason: `it is ${kind}`, ...more })
}

function setUp(...providers: Provider[]) {
  const clock = fakeClock()
  const attempts: CallAttempt[] = []
  const gateway = createGateway({ clock, random: () => 0.5, observe: (attempt) => attempts.push(attempt) })
  for (const provider of providers) gateway.register(provider)
  return { clock, attempts, gateway }
}

test('a provider of a few lines answers, its usage is estimated and marked', async () => {
  const { gateway } = setUp({
    name: 'echo',
    call: async ({ messages }) => ({ text: `You said ${messages[0]?.content}` }),
  })
  const reply = await gateway.call(modelRequest({ model: 'any' }), callContext())
  expect(reply).toMatchObject({
    text: 'You said Hi',
    provider: 'echo',
    model: 'any',
    finishReason: 'stop',
    costNanoUsd: null,
  })
  expect(reply.usage.isEstimated).toBe(true)
  expect(reply.usage.promptTokens).toBeGreaterThan(0)
  expect(reply.usage.totalTokens).toBe(reply.usage.promptTokens + reply.usage.completionTokens)
})

test.each<FailureKind>(['auth', 'quota', 'unknown-model', 'slow', 'not-json', 'redirect', 'too-large', 'failed'])(
  'after %s the next candidate is asked, and the first not again',
  async (kind) => {
    const first = playing('a', failure(kind))
    const { gateway, clock } = setUp(first, playing('b', { text: 'from b' }))
    expect((await gateway.call(modelRequest(), callContext())).text).toBe('from b')
    expect(first.calls).toBe(1)
    expect(clock.slept).toEqual([])
  },
)

test.each<FailureKind>(['overloaded', 'unreachable', 'interrupted'])(
  'after %s the same is asked once more, a little later',
  async (kind) => {
    const first = playing('a', failure(kind), { text: 'better now' })
    const { gateway, clock } = setUp(first, playing('b', { text: 'from b' }))
    expect((await gateway.call(modelRequest(), callContext())).text).toBe('better now')
    expect(clock.slept).toEqual([650])
  },
)

test.each<FailureKind>(['refused', 'bad-request', 'too-long'])('%s is not shopped around', async (kind) => {
  const second = playing('b', { text: 'from b' })
  const { gateway } = setUp(playing('a', failure(kind, { status: 400 })), second)
  const error = await gateway.call(modelRequest(), callContext()).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: `provider/${kind}`, retryable: false, status: 400 })
  expect(second.calls).toBe(0)
})

test('a rate limit of a moment is waited for, a longer one goes to the next', async () => {
  const brief = playing('a', failure('rate-limited', { status: 429, retryAfterMs: 800 }), { text: 'a again' })
  const one = setUp(brief, playing('b', { text: 'from b' }))
  expect((await one.gateway.call(modelRequest(), callContext())).text).toBe('a again')
  expect(one.clock.slept).toEqual([800])

  const long = playing('a', failure('rate-limited', { status: 429, retryAfterMs: 30_000 }))
  const other = setUp(long, playing('b', { text: 'from b' }))
  expect((await other.gateway.call(modelRequest(), callContext())).text).toBe('from b')
  expect(other.clock.slept).toEqual([])
})

test('the gateway never waits more than two seconds in one call, however many candidates fail', async () => {
  const providers = ['a', 'b', 'c', 'd', 'e'].map((name) => playing(name, failure('overloaded')))
  const { gateway, clock, attempts } = setUp(...providers)
  await expect(gateway.call(modelRequest(), callContext())).rejects.toThrow(ProvidersUnavailableError)
  expect(providers.map(({ calls }) => calls)).toEqual([2, 2, 1, 1, 1])
  expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(2_000)
  expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7])
})

test('when all fail, every cause is named', async () => {
  const { gateway } = setUp(playing('a', failure('auth', { status: 401 })), playing('b', new Error('boom')))
  const error = await gateway.call(modelRequest({ model: 'm' }), callContext()).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ProvidersUnavailableError)
  expect(error).toMatchObject({
    code: 'provider/unavailable',
    message: "All providers failed for model 'm': Provider 'a' failed: it is auth; Provider 'b' failed: boom",
    retryable: true,
    status: null,
  })
})

test('the status of the one that may recover is the status of all', async () => {
  const { gateway } = setUp(
    playing('a', failure('rate-limited', { status: 429, retryAfterMs: 7_000 })),
    playing('b', failure('auth', { status: 401 })),
  )
  await expect(gateway.call(modelRequest(), callContext())).rejects.toMatchObject({
    status: 429,
    retryable: true,
    retryAfterMs: 7_000,
  })
})

test('when every candidate failed for good, there is nothing to retry', async () => {
  const { gateway } = setUp(
    playing('a', failure('auth', { status: 401 })),
    playing('b', failure('quota', { status: 402 })),
  )
  await expect(gateway.call(modelRequest(), callContext())).rejects.toMatchObject({
    status: 402,
    retryable: false,
    retryAfterMs: null,
  })
})

test('an error of a user’s provider with a status is that status', async () => {
  const { gateway } = setUp(playing('mine', Object.assign(new Error('slow down'), { status: 429 })))
  await expect(gateway.call(modelRequest(), callContext())).rejects.toMatchObject({
    failures: [{ code: 'provider/rate-limited', status: 429, reason: 'slow down' }],
  })
})

test('nobody registered is an error of its own, with help', async () => {
  const { gateway } = setUp()
  const error = await gateway.call(modelRequest({ model: 'm' }), callContext()).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(NoProviderError)
  expect(error).toMatchObject({
    message: "No provider registered for model 'm'",
    code: 'provider/none',
    retryable: false,
    status: null,
  })
})

test('once a piece of text has reached the consumer there is no other candidate', async () => {
  const second = playing('b', { text: 'from b' })
  const { gateway } = setUp(
    {
      name: 'a',
      async call(_request, { onText }) {
        onText?.('Once upon')
        throw failure('interrupted')
      },
    },
    second,
  )
  const heard: string[] = []
  const call = gateway.call(modelRequest({ stream: true }), callContext({ onText: (text) => heard.push(text) }))
  await expect(call).rejects.toMatchObject({ code: 'provider/interrupted', retryable: true })
  expect(heard).toEqual(['Once upon'])
  expect(second.calls).toBe(0)
})

test('an empty piece is not text yet', async () => {
  const { gateway } = setUp(
    {
      name: 'a',
      async call(_request, { onText }) {
        onText?.('')
        throw failure('auth')
      },
    },
    playing('b', { text: 'from b' }),
  )
  expect((await gateway.call(modelRequest({ stream: true }), callContext({ onText: () => {} }))).text).toBe('from b')
})

test('a consumer that throws gets no more text, and the answer stands', async () => {
  let heard = 0
  const { gateway } = setUp({
    name: 'a',
    async call(_request, { onText }) {
      onText?.('one')
      onText?.('two')
      return { text: 'onetwo' }
    },
  })
  const onText = (): void => {
    heard += 1
    throw new Error('the viewer is gone')
  }
  expect((await gateway.call(modelRequest({ stream: true }), callContext({ onText }))).text).toBe('onetwo')
  expect(heard).toBe(1)
})

test('a cancelled call rejects with the reason and asks nobody else', async () => {
  const second = playing('b', { text: 'from b' })
  const cancel = new AbortController()
  const { gateway, attempts } = setUp(
    {
      name: 'a',
      async call() {
        cancel.abort(new Error('run cancelled'))
        throw failure('unreachable')
      },
    },
    second,
  )
  await expect(gateway.call(modelRequest(), callContext({ signal: cancel.signal }))).rejects.toThrow('run cancelled')
  expect(second.calls).toBe(0)
  expect(attempts).toMatchObject([{ outcome: 'cancelled' }])
})

test('mock settings of a request beat every registered provider', async () => {
  const real = playing('openai', { text: 'live' })
  const { gateway } = setUp(real)
  const mock = { responses: '{"ask": {"content": "recorded"}}', latencyModel: 'constant', latencyMs: 0 } as const
  const reply = await gateway.call(modelRequest({ mock }), callContext())
  expect(reply).toMatchObject({ text: 'recorded', provider: 'mock', costNanoUsd: 0 })
  expect(real.calls).toBe(0)
})

test('an observer that throws does not fail a call', async () => {
  const gateway = createGateway({
    observe: () => {
      throw new Error('log is full')
    },
  })
  gateway.register(playing('a', { text: 'fine' }))
  expect((await gateway.call(modelRequest(), callContext())).text).toBe('fine')
})

test('closing the gateway closes its providers', async () => {
  let isClosed = false
  {
    await using gateway = createGateway()
    gateway.register({
      name: 'a',
      call: async () => ({ text: '' }),
      async close() {
        isClosed = true
      },
    })
  }
  expect(isClosed).toBe(true)
})
