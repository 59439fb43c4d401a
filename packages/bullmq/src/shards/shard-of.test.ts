import { expect, test } from 'vitest'
import { shardOf, shardOfKey } from './shard-of.ts'

test('a run is found where an earlier version put it', () => {
  const runIds = ['run', 'abcdefghijklmnop', 'k3j2h5g7f6d4s2aa', '']
  expect(runIds.map((runId) => shardOf(runId, 7))).toEqual([5, 6, 5, 4])
})

test('child runs lie with their root', () => {
  for (const root of ['a', 'run-1', 'k3j2h5g7f6d4s2aa'])
    for (const child of [`${root}.step`, `${root}.step~2`, `${root}.step.inner~3`])
      expect(shardOf(child, 16)).toBe(shardOf(root, 16))
})

test('runs spread evenly', () => {
  const counts = Array.from({ length: 8 }, () => 0)
  for (let n = 0; n < 8_000; n += 1) {
    const shard = shardOf(`run-${n}`, 8)
    counts[shard] = (counts[shard] ?? 0) + 1
  }
  for (const count of counts) expect(count).toBeGreaterThan(850)
  for (const count of counts) expect(count).toBeLessThan(1_150)
})

test('with one shard there is nothing to choose', () => {
  expect(shardOf('any', 1)).toBe(0)
  expect(shardOfKey('any', 1)).toBe(0)
})
