import { expect, test } from 'vitest'
import { failureOf, StepConfigError } from './failure.ts'

const cyclic = new Error('outer')
cyclic.cause = cyclic

class Hostile extends Error {
  override get message(): string {
    throw new TypeError('no message for you')
  }
}

test.each([
  ['null', null, 'NonError: null'],
  ['undefined', undefined, 'NonError: undefined'],
  ['a text', 'oops', 'NonError: oops'],
  ['a symbol', Symbol('s'), 'NonError: Symbol(s)'],
  ['an object that cannot be text', Object.create(null), 'an error that cannot be read'],
  ['an error', new RangeError('too far'), 'RangeError: too far'],
  ['an error with a cause', new Error('a', { cause: new Error('b') }), 'Error: a (cause: Error: b)'],
  ['an error that causes itself', cyclic, 'Error: outer'],
  ['a getter that throws', new Hostile(), 'an error that cannot be read'],
  ['a fake error', Object.create(Error.prototype), 'NonError: Error'],
  [
    'a message that BullMQ would take for its own',
    new Error('bullmq:rateLimitExceeded'),
    'Error: bullmq:rateLimitExceeded',
  ],
])('what was thrown becomes a message: %s', (_, thrown, message) => {
  expect(failureOf(thrown, 'here')).toEqual({
    info: { code: 'step/threw', message, place: 'here', help: null },
    isRetryable: true,
    status: null,
  })
})

test('our own errors keep code, help and the answer to "again?"', () => {
  const failure = failureOf(
    new StepConfigError('router/no-match', 'nothing matched', 'add a default'),
    'run r · step s',
  )
  expect(failure).toEqual({
    info: { code: 'router/no-match', message: 'nothing matched', place: 'run r · step s', help: 'add a default' },
    isRetryable: false,
    status: null,
  })
})

test('a message is cut at 8 KiB, and half a character never leaves', () => {
  const { info } = failureOf(new Error(`${'m'.repeat(1e6)}`), 'here')
  expect(info.message.length).toBeLessThan(8_300)
  expect(failureOf(new Error('a\ud800'), 'here').info.message).toBe('Error: a\ufffd')
})

test('an HTTP status is kept for the retry policy', () => {
  expect(failureOf(Object.assign(new Error('no'), { status: 503 }), 'here').status).toBe(503)
})
