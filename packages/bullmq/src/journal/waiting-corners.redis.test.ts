import { NO_USAGE, type Journal, type ReopenRun, type Wait } from '@agentloom/engine'
import { claimed, heldBy, retry, settled, startOf, success } from '@agentloom/engine/testing'
import { expect, test } from 'vitest'
import { playOnBoth, type Corner } from '../testing/compare-journals.fixture.ts'

// Corners of steps that wait which random commands seldom reach.

const APPROVED = { kind: 'decided', decision: 'approved', by: null } as const
const SIGNAL_X: Wait = { kind: 'signal', name: 'x', timeoutMs: 1_000 }

async function waits(journal: Journal, stepId: string, wait: Wait, nonce = `n-${stepId}`): Promise<unknown> {
  const { claim } = await claimed(journal, stepId, { nonce })
  return settled(journal, claim, { kind: 'wait', wait, usage: NO_USAGE }, [])
}

async function goingOn(journal: Journal, ready: ReopenRun['ready'], unresolvedCount: number): Promise<ReopenRun> {
  const recordCount = (await journal.load('run'))?.records.length ?? 0
  const nothing = { reopened: [], counted: [], spread: [], budgetNanoUsd: null, timeoutMs: null }
  return { runId: 'run', recordCount, reason: 'resume', ready, unresolvedCount, ...nothing }
}

const corners: readonly Corner[] = [
  {
    name: 'a woken step of a full run waits in the queue, also when it is woken again',
    async play(journal) {
      await journal.start(startOf({ steps: 2, roots: ['a', 'b'], cap: 1 }))
      const first = await waits(journal, 'a', { kind: 'gate', timeoutMs: null })
      const b = await claimed(journal, 'b')
      const wake = { runId: 'run', stepId: 'a', wake: APPROVED }
      return [
        first,
        await journal.wake(wake),
        await journal.wake(wake),
        await journal.settle({ claim: b.claim, rank: 1, settlement: success('1'), edges: [], next: null }),
        await journal.wake(wake),
      ]
    },
  },
  {
    name: 'a step that waited for a signal and waits for another one now is woken by that only',
    async play(journal, advance) {
      await journal.start(startOf({ steps: 1 }))
      await waits(journal, 'a', SIGNAL_X)
      await advance(1_001)
      await journal.due(10)
      await waits(journal, 'a', { kind: 'signal', name: 'y', timeoutMs: null }, 'again')
      return [await journal.signal('run', 'x', '1'), await journal.signal('run', 'y', '2')]
    },
  },
  {
    name: 'a step that waits for a signal once more is woken once',
    async play(journal, advance) {
      await journal.start(startOf({ steps: 1 }))
      await waits(journal, 'a', SIGNAL_X)
      await advance(1_001)
      await journal.due(10)
      await waits(journal, 'a', SIGNAL_X, 'again')
      return [await journal.signal('run', 'x', '1')]
    },
  },
  {
    name: 'the end of a child run is nothing to be mirrored',
    async play(journal) {
      await journal.start(startOf({ steps: 1 }))
      await waits(journal, 'a', { kind: 'child', runId: 'run.a' })
      const paused = await journal.mirror('run', 'a', 'paused')
      return [paused, await journal.mirror('run', 'a', 'failed')]
    },
  },
  {
    name: 'a run that is no child of it lives on when a run that waits for it is ended',
    async play(journal) {
      const parent = { runId: 'elsewhere', stepId: 'a', rootRunId: 'elsewhere' }
      await journal.start(startOf({ steps: 2, roots: ['a', 'b'] }))
      await journal.start({ ...startOf({ steps: 1 }), runId: 'nobodys' })
      await journal.start({ ...startOf({ steps: 1 }), runId: 'elsewhere.a', parent })
      await waits(journal, 'a', { kind: 'child', runId: 'nobodys' })
      await waits(journal, 'b', { kind: 'child', runId: 'elsewhere.a' })
      const cancelled = await journal.cancel('run', 'enough')
      return [cancelled, (await journal.header('nobodys'))?.status, (await journal.header('elsewhere.a'))?.status]
    },
  },
  {
    name: 'a cleanup in back-off goes on at once when the run that was held goes on',
    async play(journal) {
      const cleanup = { stepId: 'finally', rank: 9 }
      await journal.start({ ...startOf({ steps: 1 }), cleanup })
      await journal.cancel('run', 'enough')
      const { claim } = await claimed(journal, 'finally')
      await settled(journal, claim, retry(900_000), [])
      await journal.pause('run', 'a while')
      const reply = await journal.reopen(await goingOn(journal, [cleanup], 1))
      return [reply, await journal.claim(heldBy('finally', { nonce: 'again' }))]
    },
  },
  {
    name: 'neither a slot nor what is spent keeps a cleanup from being claimed',
    async play(journal) {
      const cleanup = { stepId: 'finally', rank: 9 }
      await journal.start({ ...startOf({ steps: 2, roots: ['a', 'b'], cap: 1 }), budgetNanoUsd: 10, cleanup })
      const { claim } = await claimed(journal, 'a')
      await journal.append(claim, { text: '"x"', usage: { ...NO_USAGE, costNanoUsd: 10 } })
      await journal.cancel('run', 'enough')
      return [
        await journal.claim(heldBy('finally')),
        await journal.heartbeat([claim, { ...claim, stepId: 'finally', nonce: 'n-finally' }], 10_000),
        await journal.claim(heldBy('b')),
      ]
    },
  },
]

test.each(corners)('$name', async (corner) => {
  const { redis, model } = await playOnBoth(corner)
  expect(redis).toEqual(model)
})
