import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findCases } from './cases.ts'
import { CaseRunner } from './run-case.ts'
import { chosenRuntimes } from './runtimes.ts'

// What a case uses that this version refuses is found by the compiler (`workflow/not-yet`), never by the case's name; a case
// that is marked as an oddity of the reference may differ. `pnpm conformance` lists both.
const cases = findCases()

describe.runIf(cases !== null).for(chosenRuntimes())('the recorded cases on the %s runtime', (runtime) => {
  let runner: CaseRunner
  beforeAll(async () => {
    runner = await CaseRunner.open(cases?.folder ?? '', runtime)
  })
  afterAll(() => runner[Symbol.asyncDispose]())

  test.for(cases?.names ?? [])('%s', async (name, { skip }) => {
    const verdict = await runner.run(name)
    skip(verdict.kind === 'not-yet', verdict.kind === 'not-yet' ? verdict.reasons.join('; ') : '')
    expect(verdict.kind === 'fail' ? verdict.reasons : []).toEqual([])
  })
})

test.skipIf(cases === null)('the recorded cases are here', () => {
  expect(cases?.names.length).toBeGreaterThan(300)
})
