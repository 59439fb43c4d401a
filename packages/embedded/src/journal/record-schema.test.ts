import { expect, test } from 'vitest'
import { header } from '../testing/spooled-run.fixture.ts'
import { headerSchema } from './record-schema.ts'

test.for(['../../x', '..', '.', 'a/b', 'a\\b', '', 'ü'])('a header whose run is called %j is refused', (runId) => {
  expect(headerSchema.safeParse({ ...header, runId }).success).toBe(false)
})

test.for(['run', 'run.sub', 'run.sub.0~1', '-r_1'])('a header whose run is called %j is taken', (runId) => {
  expect(headerSchema.safeParse({ ...header, runId }).success).toBe(true)
})
