import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findCases } from './cases.ts'
import { CaseRunner } from './run-case.ts'
import { chosenRuntimes } from './runtimes.ts'

// A case that is marked as an oddity of the reference must be as there under compat; what it does otherwise by default is
// listed by `pnpm conformance` and has tests of its own.
const cases = findCases()

describe.runIf(cases !== null).for(chosenRuntimes())('the recorded cases on the %s runtime', (runtime) => {
  let runner: CaseRunner
  beforeAll(async () => {
    runner = await CaseRunner.open(cases?.folder ?? '', runtime)
  })
  afterAll(() => runner[Symbol.asyncDispose]())

  test.for(cases?.names ?? [])('%s', async (name) => {
    const { verdict } = await runner.run(name)
    expect(verdict.kind === 'fail' ? verdict.reasons : []).toEqual([])
  })
})

test.skipIf(cases === null)('the recorded cases are here', () => {
  expect(cases?.names.length).toBeGreaterThan(300)
})
