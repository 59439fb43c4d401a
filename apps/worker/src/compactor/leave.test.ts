import { NewerFormatError, type LoadedRun } from '@agentloom/engine'
import { testHeader } from '@agentloom/engine/testing'
import { expect, test } from 'vitest'
import { leaveIdle } from './leave.ts'

const loaded = (runId: string): LoadedRun => ({
  header: testHeader({ runId, status: 'paused', createdAtMs: 0, updatedAtMs: 0 }),
  records: [],
})

test('a run that cannot be read, or is kept otherwise, stays, and the others leave; what the store throws is thrown', async () => {
  const left: string[] = []
  const compaction = {
    resting: async () => ['damaged', 'gone', 'longer', 'good'],
    load: async (runId: string) => {
      if (runId === 'damaged') throw new NewerFormatError(runId, 2, 1)
      return runId === 'gone' ? null : loaded(runId)
    },
    definition: async () => 'text',
    leave: async (tree: readonly LoadedRun[]) => left.push(...tree.map(({ header }) => header.runId)) > 0,
  }
  const store = {
    folder: '/nowhere',
    write: async () => undefined,
    recordCount: async (runId: string) => (runId === 'longer' ? 2 : 0),
  }
  const leaving = { compaction, store, idleMs: 1, nowMs: 2 }
  expect(await leaveIdle(leaving)).toBe(1)
  expect(left).toEqual(['good'])
  const full = async (): Promise<void> => Promise.reject(new Error('ENOSPC'))
  await expect(leaveIdle({ ...leaving, store: { ...store, write: full } })).rejects.toThrow('ENOSPC')
})
