import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { completionEvents, type ServerAnswer } from '../testing/answers.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import { openAIBench, stream, thrownBy } from '../testing/openai-bench.fixture.ts'
import { callContext, modelRequest } from '../testing/requests.ts'
import { openAICompatible } from './openai-compatible.ts'

const bench = openAIBench()
const events = completionEvents({ text: 'Hé😀', pieces: ['H', 'é😀'] }, 'demo-model')

test('a call that is cancelled lets go of the connection at once', async () => {
  for (const isStream of [false, true]) {
    const cancel = new AbortController()
    bench.server().next(isStream ? stream({ chunks: events.slice(0, 2), ending: 'stall' }) : { kind: 'silence' })
    const call = thrownBy(
      bench.provider().call(modelRequest({ stream: isStream }), callContext({ signal: cancel.signal })),
    )
    await bench.server().received(isStream ? 2 : 1)
    const reason = new Error('step timed out')
    cancel.abort(reason)
    expect(await call).toBe(reason)
    await bench.server().abandoned(isStream ? 2 : 1)
  }
})

test('a call that was cancelled before it began sends nothing', async () => {
  const reason = new Error('too late')
  const call = bench.provider().call(modelRequest(), callContext({ signal: AbortSignal.abort(reason) }))
  expect(await thrownBy(call)).toBe(reason)
  expect(bench.server().requests).toHaveLength(0)
})

test.each([
  ['no answer at all', false, { kind: 'silence' } as ServerAnswer, 600_000, 'no whole answer'],
  ['no first token', true, { kind: 'silence' } as ServerAnswer, 300_000, 'no first token'],
  [
    'a body that stalls',
    false,
    { kind: 'bytes', headers: { 'content-type': 'application/json' }, chunks: ['{'], ending: 'stall' } as ServerAnswer,
    60_000,
    'stalled',
  ],
  [
    'an error page that stalls',
    false,
    { kind: 'bytes', status: 500, chunks: ['{'], ending: 'stall' } as ServerAnswer,
    60_000,
    'stalled',
  ],
  ['a stream that stalls', true, stream({ chunks: events.slice(0, 3), ending: 'stall' }), 60_000, 'stalled'],
])('%s ends at its deadline', async (_what, isStream, answer, deadlineMs, reason) => {
  const clock = fakeClock()
  const timed = openAICompatible({ name: 'openai', baseURL: bench.server().url, clock })
  bench.server().next(answer)
  let heard: () => void = () => {}
  const firstPiece = new Promise<void>((resolve) => (heard = resolve))
  const call = thrownBy(timed.call(modelRequest({ stream: isStream }), callContext({ onText: () => heard() })))
  await bench.server().received(1)
  if (isStream && reason === 'stalled') await firstPiece
  // The body's first byte sets the timer of silence: one more than total.
  while (reason === 'stalled' && clock.pending < 2) await new Promise((resolve) => setImmediate(resolve))
  clock.advance(deadlineMs - 1)
  clock.advance(1)
  const failure = await call
  expect(failure).toMatchObject({ code: 'provider/slow', retryable: true, usage: { isEstimated: true } })
  expect(String(failure)).toContain(reason)
  await bench.server().abandoned(1)
  expect(clock.pending).toBe(0)
  await timed.close?.()
})

test('a slow but steady stream is not cut', async () => {
  const clock = fakeClock()
  const timed = openAICompatible({ name: 'openai', baseURL: bench.server().url, clock })
  bench.server().next({ kind: 'answer', text: 'slow and steady' })
  const context = callContext({ onText: () => clock.advance(30_000) })
  expect((await timed.call(modelRequest({ stream: true }), context)).text).toBe('slow and steady')
  await timed.close?.()
})

test('a connection that never comes about ends at its deadline', async () => {
  // TCP stands at once, the other side never says a word of TLS.
  const mute = createServer((socket) => socket.resume().on('error', () => {}))
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  const address = mute.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const baseURL = `https://127.0.0.1:${address.port}/v1`
  const hasty = openAICompatible({ name: 'x', baseURL, deadlines: { connectMs: 50 } })
  expect(await thrownBy(hasty.call(modelRequest(), callContext()))).toMatchObject({
    code: 'provider/unreachable',
    usage: null,
  })
  await hasty.close?.()
  await new Promise((resolve) => mute.close(resolve))
})
