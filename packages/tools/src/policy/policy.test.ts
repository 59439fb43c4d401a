import { expect, test } from 'vitest'
import { SANDBOX_OFF } from '../run-folder.fixture.ts'
import { policyOf } from './policy.ts'

test('the sandboxes of the workflows that a workflow is a part of hold too', () => {
  const [own, parent] = [
    { ...SANDBOX_OFF, enabled: true, allowedPaths: ['own'] },
    { ...SANDBOX_OFF, enabled: true, allowedPaths: ['data'] },
  ]
  const { guards } = policyOf({ ...own, outer: [parent] }, 'trusted', '/run')
  expect(guards.map(({ readable }) => readable)).toEqual([['/run/own'], ['/run/data']])
  expect(policyOf(own, 'trusted', '/run').guards).toHaveLength(1)
  expect(policyOf(SANDBOX_OFF, 'trusted', '/run').guards).toEqual([])
})
