import { expect, test } from 'vitest'
import { StoreClock } from './store-clock.ts'

const OFFSET_MS = 1_700_000_000_000

/** A store whose replies take as long as they are told, and a monotonic clock that only they and `advance` move. */
function opened() {
  let monotonicMs = 5
  let offsetMs = OFFSET_MS
  const wayMs = { there: 1, back: 1 }
  const clock = new StoreClock(
    {
      async time() {
        monotonicMs += wayMs.there
        const storeMs = monotonicMs + offsetMs
        monotonicMs += wayMs.back
        return [String(Math.floor(storeMs / 1_000)), String((storeMs % 1_000) * 1_000)] as never // as ioredis answers
      },
    },
    () => monotonicMs,
  )
  return {
    clock,
    wayMs,
    advance: (ms: number) => void (monotonicMs += ms),
    setStore: (ms: number) => void (offsetMs = OFFSET_MS + ms),
    errorMs: () => clock.now() - (monotonicMs + offsetMs),
  }
}

test('it goes as that of the store', async () => {
  const { clock, advance, errorMs } = opened()
  await clock.look()
  advance(12_345)
  expect(errorMs()).toBe(0)
})

test('a slow reply does not spoil what a quick one has told, until that is old', async () => {
  const { clock, wayMs, advance, errorMs } = opened()
  await clock.look()
  wayMs.back = 301
  await clock.look()
  expect(errorMs()).toBe(0)
  advance(200_000)
  await clock.look()
  expect(errorMs()).toBe(-150) // half of what the slow way back took
})

test('a store with another clock is followed', async () => {
  const { clock, advance, setStore, errorMs } = opened()
  await clock.look()
  setStore(-60_000)
  advance(500)
  await clock.look()
  expect(errorMs()).toBe(0)
})
