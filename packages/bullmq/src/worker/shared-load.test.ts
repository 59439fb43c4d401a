import { expect, test } from 'vitest'
import { SharedLoad } from './shared-load.ts'

function queuesOf(load: SharedLoad, count: number) {
  return Array.from({ length: count }, () => {
    const queue = { jobsMax: 10 }
    return Object.assign(
      queue,
      load.share((jobsMax) => (queue.jobsMax = jobsMax)),
    )
  })
}

test('one queue may have all, less the walks that its jobs bring beside their own', () => {
  const [queue] = queuesOf(new SharedLoad(10), 1)
  queue?.begin()
  expect(queue?.jobsMax).toBe(10)
  queue?.walks(3)
  expect(queue?.jobsMax).toBe(7)
  queue?.walks(-3)
  queue?.end()
  expect(queue?.jobsMax).toBe(10)
})

test('a queue may have what the others leave, and one job at least', () => {
  const [first, second] = queuesOf(new SharedLoad(10), 2)
  for (let job = 0; job < 4; job += 1) first?.begin()
  expect([first?.jobsMax, second?.jobsMax]).toEqual([10, 6])
  for (let job = 0; job < 6; job += 1) first?.begin()
  expect([first?.jobsMax, second?.jobsMax]).toEqual([10, 1])
  first?.end()
  second?.begin()
  second?.begin()
  expect([first?.jobsMax, second?.jobsMax]).toEqual([8, 1])
})
