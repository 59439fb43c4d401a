import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mutants, mutated } from './mutants.ts'
import { runOnThreads } from './pool.ts'
import { missingFaults, reportOf } from './report.ts'

const SEEDS = 2_000
const PACKAGES = join(import.meta.dirname, '..', '..', 'packages')

// What each thread runs is the real thing, so that a failure here is one of `pnpm sim`; the report says which seed.
test('no seed breaks an invariant, and every kind of fault takes effect', { timeout: 300_000 }, async () => {
  const summary = await runOnThreads({ from: 1, seeds: SEEDS }, { threads: 2 })
  expect(summary.failures, reportOf(summary, 1)).toEqual([])
  expect(missingFaults(summary)).toEqual([])
})

test('the same seed is the same world', { timeout: 60_000 }, async () => {
  const seeds = { from: 300_000, seeds: 20 }
  const [first, second] = [await runOnThreads(seeds, { threads: 1 }), await runOnThreads(seeds, { threads: 1 })]
  expect(first.trace).not.toBe('')
  expect(second.trace).toBe(first.trace)
})

test.for(mutants.map((mutant) => [mutant.name, mutant] as const))(
  'the mutant “%s” still has its place',
  ([, mutant]) => {
    expect(() => mutated(mutant, readFileSync(join(PACKAGES, mutant.file), 'utf8'))).not.toThrow()
  },
)

test('a broken protocol is noticed', { timeout: 120_000 }, async () => {
  const options = { threads: 2, mutant: 'drop the fence of a settlement', isUntilFailure: true }
  const { failures } = await runOnThreads({ from: 1, seeds: 500 }, options)
  expect(failures[0]?.invariant).toMatch(/^I\d+$/)
})
