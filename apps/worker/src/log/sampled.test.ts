import { expect, test } from 'vitest'
import { sampler } from './sampled.ts'

test('of a flood one line a second is told, with how many were left out', () => {
  let now = 0
  const told: number[] = []
  const sampled = sampler(() => now)
  for (; now < 2_500; now += 100) sampled('bad', (leftOut) => told.push(leftOut))
  expect(told).toEqual([0, 9, 9])
})

test('kinds do not hold back one another', () => {
  const told: string[] = []
  const sampled = sampler<'a' | 'b'>(() => 0)
  sampled('a', () => told.push('a'))
  sampled('b', () => told.push('b'))
  sampled('a', () => told.push('a'))
  expect(told).toEqual(['a', 'b'])
})
