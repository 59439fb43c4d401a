import { NO_USAGE, NO_VERDICTS, type NextClaim } from '@agentloom/engine'
import { claimed, edge, heldBy, startOf, success } from '@agentloom/engine/testing'
import { expect, test } from 'vitest'
import { playOnBoth, type Corner } from '../testing/compare-journals.fixture.ts'

// Corners that random commands seldom reach: where the short way of lua/plain.lua must not be taken, and where a capped run
// is full. Each is played on Redis and on the model, and both must say the same all along.

const LEASE_MS = 10_000

function goingOn(stepId: string): NextClaim {
  return { nonce: `next-${stepId}`, worker: 'w', leaseMs: LEASE_MS, candidates: [{ stepId, reads: ['a'] }] }
}

const corners: readonly Corner[] = [
  {
    name: 'a step that the walk went on with has its lease, and the one before it has none',
    async play(journal, advance) {
      await journal.start(startOf({ steps: 2 }))
      const { claim } = await claimed(journal, 'a')
      const reply = await journal.settle({
        claim,
        rank: 0,
        settlement: success('"x"'),
        edges: [edge('b', { rank: 1 })],
        next: goingOn('b'),
      })
      await advance(LEASE_MS + 1)
      return [reply, await journal.due(10), await journal.due(10)]
    },
  },
  {
    name: 'a capped run goes on with the first of its queue only',
    async play(journal) {
      await journal.start(startOf({ steps: 3, roots: ['a', 'z'], cap: 1 }))
      const { claim } = await claimed(journal, 'a')
      return [
        await journal.settle({
          claim,
          rank: 0,
          settlement: success('1'),
          edges: [edge('b', { rank: 2 })],
          next: goingOn('b'),
        }),
      ]
    },
  },
  {
    name: 'a run whose budget is spent goes on with nothing, whatever the last step cost',
    async play(journal) {
      await journal.start({ ...startOf({ steps: 4, roots: ['a', 'c'] }), budgetNanoUsd: 100 })
      const a = await claimed(journal, 'a')
      const c = await claimed(journal, 'c')
      const paid = { ...success('1'), usage: { ...NO_USAGE, costNanoUsd: 100 } }
      return [
        await journal.settle({
          claim: a.claim,
          rank: 0,
          settlement: paid,
          edges: [edge('b', { rank: 2 })],
          next: goingOn('b'),
        }),
        await journal.settle({
          claim: c.claim,
          rank: 1,
          settlement: success('1'),
          edges: [edge('d', { rank: 3 })],
          next: goingOn('d'),
        }),
      ]
    },
  },
  {
    name: 'a step below a reopened one keeps its result',
    async play(journal) {
      await journal.start(startOf({ steps: 2 }))
      const first = await claimed(journal, 'a')
      const error = { code: 'step/threw', message: 'no', place: null, help: null }
      const clean = [edge('b', { rank: 1 })]
      await journal.settle({
        claim: first.claim,
        rank: 0,
        settlement: { kind: 'failed', error, usage: NO_USAGE },
        edges: clean,
        next: null,
      })
      const b = await claimed(journal, 'b')
      await journal.settle({ claim: b.claim, rank: 1, settlement: success('"kept"'), edges: [], next: null })
      const reopened = await journal.reopen({
        runId: 'run',
        recordCount: (await journal.load('run'))?.records.length ?? 0,
        reason: 'again',
        reopened: [{ step: { stepId: 'a', rank: 0 }, edgeCount: 0, verdicts: NO_VERDICTS }],
        ready: [{ stepId: 'a', rank: 0 }],
        counted: [],
        spread: [],
        unresolvedCount: 1,
        budgetNanoUsd: null,
        timeoutMs: null,
      })
      const again = await claimed(journal, 'a', { nonce: 'second' })
      return [
        reopened,
        await journal.settle({
          claim: again.claim,
          rank: 0,
          settlement: success('1'),
          edges: clean,
          next: goingOn('b'),
        }),
      ]
    },
  },
  {
    name: 'an offered step of a capped run that is full by then waits in the queue',
    async play(journal, advance) {
      await journal.start(startOf({ steps: 4, roots: ['a', 'b', 'c'], cap: 2 }))
      const a = await claimed(journal, 'a')
      const b = await claimed(journal, 'b')
      const offered = await journal.settle({
        claim: a.claim,
        rank: 0,
        settlement: success('1'),
        edges: [edge('d', { rank: 3 })],
        next: null,
      })
      const stray = await journal.claim(heldBy('d'))
      await advance(5_001)
      const due = await journal.due(10)
      return [
        offered,
        stray,
        due,
        await journal.settle({ claim: b.claim, rank: 1, settlement: success('1'), edges: [], next: null }),
      ]
    },
  },
]

test.each(corners)('$name', async (corner) => {
  const { redis, model } = await playOnBoth(corner)
  expect(redis).toEqual(model)
})
