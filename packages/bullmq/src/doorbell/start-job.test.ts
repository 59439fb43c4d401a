import { expect, test } from 'vitest'
import { parseStartJob, START_RUN } from './start-job.ts'

test('a start may say its version', () => {
  for (const data of [{ workflow: 'w' }, { v: 1, workflow: 'w' }])
    expect(parseStartJob(START_RUN, data)).toEqual({ kind: 'job', job: data })
  expect(parseStartJob(START_RUN, { v: 2, workflow: 'w' })).toMatchObject({ kind: 'malformed' })
})

test('a foreign field is refused and named, however long it is', () => {
  expect(parseStartJob(START_RUN, { workflow: 'w', prioritty: 5 })).toEqual({
    kind: 'malformed',
    problem: 'data: Unrecognized key: "prioritty"',
  })
  const long = parseStartJob(START_RUN, { workflow: 'w', ['x'.repeat(10_000)]: 5 })
  expect(long.kind === 'malformed' && long.problem.length).toBe(300)
})
