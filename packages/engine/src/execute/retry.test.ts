import type { RetryPolicy } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import type { Failure } from './failure.ts'
import { backoffMs, isTriedAgain } from './retry.ts'

const policy: RetryPolicy = {
  retriesMax: 2,
  backoffBase: 2,
  backoffMaxMs: 60_000,
  jitter: false,
  retryableStatusCodes: [429, 503],
}
const failure = (over: Partial<Failure> = {}): Failure => ({
  info: { code: 'a/b', message: '', place: null, help: null },
  isRetryable: true,
  status: null,
  ...over,
})

test('the first wait is a second, then it grows by the base up to the cap', () => {
  expect([1, 2, 3, 7, 2_000].map((attempt) => backoffMs(policy, attempt, () => 0.5))).toEqual([
    1_000, 2_000, 4_000, 60_000, 60_000,
  ])
  expect(backoffMs({ ...policy, backoffBase: 1e308 }, 3, () => 0)).toBe(60_000)
  expect(backoffMs({ ...policy, backoffMaxMs: 0 }, 1, () => 0)).toBe(0)
  expect(backoffMs({ ...policy, backoffBase: -3 }, 2, () => 0)).toBe(0)
})

test('jitter moves the wait by a quarter either way', () => {
  const jitter = { ...policy, jitter: true }
  expect(backoffMs(jitter, 1, () => 0)).toBe(750)
  expect(backoffMs(jitter, 1, () => 1)).toBe(1_250)
})

test('retries end; errors that say no are final; a status decides by the list', () => {
  expect(isTriedAgain(policy, 2, failure())).toBe(true)
  expect(isTriedAgain(policy, 3, failure())).toBe(false)
  expect(isTriedAgain(policy, 1, failure({ isRetryable: false }))).toBe(false)
  expect(isTriedAgain(policy, 1, failure({ status: 503, isRetryable: false }))).toBe(true)
  expect(isTriedAgain(policy, 1, failure({ status: 404 }))).toBe(false)
})
