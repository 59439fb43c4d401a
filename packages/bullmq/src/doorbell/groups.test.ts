import type { Bell } from '@agentloom/engine'
import { expect, test } from 'vitest'
import { groupsOf } from './groups.ts'

function bell(runId: string, more: Partial<Bell> = {}): Bell {
  return { runId, stepId: 's', epoch: 0, workflow: 'w', definition: 'd', priority: 0, queue: 'default', ...more }
}

function bells(count: number, more: Partial<Bell> = {}): readonly Bell[] {
  return Array.from({ length: count }, (_, index) => bell(`r${index}`, more))
}

test.each([
  [1, [1]],
  [7, [1, 1, 1, 1, 1, 1, 1]],
  [8, [2, 2, 2, 2]],
  [18, [4, 4, 4, 4, 2]],
  [40, [8, 8, 8, 8, 8]],
])('%i bells', (count, sizes) => {
  const groups = groupsOf(bells(count))
  expect(groups.map(({ length }) => length)).toEqual(sizes)
  expect(groups.flat()).toEqual(bells(count))
})

test('workflows and priorities are not mixed, and long ids go alone', () => {
  const long = bell('x'.repeat(300))
  const mixed = [...bells(16), ...bells(16, { priority: 5 }), ...bells(16, { definition: 'e' }), long]
  const groups = groupsOf(mixed)
  expect(groups.flat()).toEqual(expect.arrayContaining(mixed))
  for (const group of groups)
    expect(new Set(group.map(({ priority, definition }) => `${priority} ${definition}`)).size).toBe(1)
  expect(groups).toContainEqual([long])
})
