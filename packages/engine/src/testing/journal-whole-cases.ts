import assert from 'node:assert/strict'
import { compileYaml, type Plan } from '@agentloom/workflow'
import type { Journal, LoadedRun } from '../ports/journal.ts'
import type { RestoreRun } from '../ports/whole-runs.ts'
import { edgesOf } from '../schedule/verdicts.ts'
import { planResume } from '../schedule/resume.ts'
import { restartCommand, startCommand } from '../start.ts'
import type { JournalCase } from './journal-case.ts'
import { claimed, heldBy, idsOf, settled, startOf, statusOf, success, waiting } from './journal-commands.ts'

const CHAIN = planOf('[{id: a}, {id: b, depends_on: [a]}, {id: c, depends_on: [b]}]')
const SIDE_BY_SIDE = planOf('[{id: a}, {id: b}, {id: c}]', '{max_concurrent_steps: 2}')
const ALONE = planOf('[{id: a}]', '{timeout: 60}')

function planOf(steps: string, config = '{}'): Plan {
  const typed = steps.replaceAll(/\{id/g, '{type: function, handler: f, input: {}, id')
  return compileYaml(`{name: wf, config: ${config}, steps: ${typed}}`).plan
}

async function loadedOf(journal: Journal): Promise<LoadedRun> {
  const loaded = await journal.load('run')
  assert.ok(loaded !== null)
  return loaded
}

function whole(plan: Plan, { header, records }: LoadedRun, replaces: number | null = null): RestoreRun {
  return { start: restartCommand(plan, header), records, replaces }
}

/** What is known of leases and bells is lost, nothing else. */
async function lostAndRestored(journal: Journal, plan: Plan): Promise<readonly string[]> {
  const loaded = await loadedOf(journal)
  assert.deepEqual(await journal.erase('run', loaded.records.length), { isDone: true, recordCount: null })
  assert.equal(await journal.load('run'), null)
  const reply = await journal.restore(whole(plan, loaded), plan)
  assert.ok(reply.outcome === 'restored')
  assert.deepEqual(await loadedOf(journal), loaded)
  return idsOf([...reply.offers, ...reply.undecided])
}

/** Of runs as a whole: restored, erased. */
export const wholeCases: readonly JournalCase[] = [
  {
    name: 'a restored run keeps what was committed, and offers anew what was under way',
    async run({ journal }) {
      await journal.start(startCommand(CHAIN, { runId: 'run', input: { n: 1 } }))
      const a = await claimed(journal, 'a')
      const [node] = CHAIN.nodes
      assert.ok(node !== undefined)
      await settled(journal, a.claim, success('"ä"'), edgesOf(CHAIN, node, { kind: 'success', target: null }))
      const b = await claimed(journal, 'b')
      await journal.append(b.claim, { text: '{"tokens":1}', usage: null })
      assert.deepEqual(await lostAndRestored(journal, CHAIN), ['b'])
      assert.equal(
        (await journal.settle({ claim: b.claim, rank: 1, settlement: success('1'), edges: [], next: null })).outcome,
        'stale',
      )
      assert.deepEqual(await journal.heartbeat([b.claim], 10_000), ['lost'])
      assert.deepEqual(await journal.claim(heldBy('a')), { outcome: 'refused', reason: 'resolved' })
      const again = await claimed(journal, 'b', { nonce: 'again', reads: ['a'] })
      assert.ok(again.claim.epoch > b.claim.epoch)
      assert.equal(again.attempt, 1)
      assert.deepEqual(again.outputs, [{ status: 'success', text: '"ä"' }])
      assert.deepEqual(await journal.notes('run', 'b'), ['{"tokens":1}'])
    },
  },
  {
    name: 'a run is restored only in the place of what its caller has seen, and the same command is answered again',
    async run({ journal }) {
      await journal.start(startCommand(CHAIN, { runId: 'run' }))
      const before = await loadedOf(journal)
      await claimed(journal, 'a')
      const after = await loadedOf(journal)
      const refused = { outcome: 'refused', recordCount: 2 }
      assert.deepEqual(await journal.restore(whole(CHAIN, before), CHAIN), refused)
      assert.deepEqual(await journal.restore(whole(CHAIN, before, 1), CHAIN), refused)
      const replaced = whole(CHAIN, { ...after, records: before.records }, 2)
      assert.equal((await journal.restore(replaced, CHAIN)).outcome, 'restored')
      assert.equal((await journal.restore(replaced, CHAIN)).outcome, 'restored')
      assert.equal((await loadedOf(journal)).records.length, 1)
      await claimed(journal, 'a', { nonce: 'again' })
      await journal.pause('run', 'a while')
      assert.deepEqual(await journal.restore(replaced, CHAIN), { outcome: 'refused', recordCount: 3 })
      assert.deepEqual(
        await journal.restore(whole(CHAIN, { ...before, header: { ...before.header, runId: 'other' } }, 1), CHAIN),
        {
          outcome: 'refused',
          recordCount: null,
        },
      )
      await assert.rejects(journal.restore({ ...whole(CHAIN, before, 3), records: [] }, CHAIN), {
        code: 'journal/corrupt',
      })
    },
  },
  {
    name: 'an erased run leaves nothing behind, whoever has written since keeps it',
    async run({ journal, advance }) {
      await journal.start({ ...startOf({ steps: 1 }), timeoutMs: 1_000 })
      await claimed(journal, 'a')
      assert.deepEqual(await journal.erase('run', 1), { isDone: false, recordCount: 2 })
      assert.equal(await statusOf(journal), 'running')
      assert.deepEqual(await journal.erase('run', 2), { isDone: true, recordCount: null })
      assert.deepEqual(await journal.erase('run', 2), { isDone: true, recordCount: null })
      await advance(100_000)
      assert.deepEqual(await journal.due(100), [])
      assert.deepEqual(await journal.list({ limit: 10 }), [])
      assert.equal((await journal.start({ ...startOf({ steps: 1 }), input: '{"n":2}' })).outcome, 'started')
    },
  },
  {
    name: 'a restored run waits on: for humans, for signals, and for its back-offs, and what it was told it knows',
    async run({ journal, advance }) {
      await journal.start(startCommand(planOf('[{id: a}, {id: b}, {id: c}]'), { runId: 'run' }))
      const [a, b, c] = [await claimed(journal, 'a'), await claimed(journal, 'b'), await claimed(journal, 'c')]
      await journal.signal('run', 'early', '"kept"')
      await settled(journal, a.claim, waiting({ kind: 'gate', timeoutMs: null }), [])
      await settled(journal, b.claim, waiting({ kind: 'signal', name: 'go', timeoutMs: null }), [])
      await settled(journal, c.claim, waiting({ kind: 'timer', delayMs: 9_000 }), [])
      assert.equal(await statusOf(journal), 'parked')
      assert.deepEqual(await lostAndRestored(journal, planOf('[{id: a}, {id: b}, {id: c}]')), [])
      assert.equal(await statusOf(journal), 'parked')
      assert.deepEqual(await journal.signal('run', 'early', '"other"'), {
        outcome: 'refused',
        reason: 'signalled-otherwise',
      })
      const signalled = await journal.signal('run', 'go', '1')
      assert.ok(signalled.outcome === 'kept')
      assert.deepEqual(idsOf(signalled.offers), ['b'])
      assert.deepEqual((await claimed(journal, 'b', { nonce: 'n2' })).wake, { kind: 'signalled', payload: '1' })
      const wake = { kind: 'decided', decision: 'approved', by: null } as const
      assert.equal((await journal.wake({ runId: 'run', stepId: 'a', wake })).outcome, 'woken')
      await advance(9_000)
      assert.deepEqual(
        idsOf(await journal.due(10)).filter((id) => id === 'c'),
        ['c'],
      )
    },
  },
  {
    name: 'a restored run has its cap, its pause and its time-out',
    async run({ journal, advance }) {
      await journal.start(startCommand(SIDE_BY_SIDE, { runId: 'run' }))
      await claimed(journal, 'a')
      await claimed(journal, 'c')
      assert.deepEqual(await lostAndRestored(journal, SIDE_BY_SIDE), ['a', 'c']) // they have the slots
      assert.deepEqual(await journal.claim(heldBy('b')), { outcome: 'refused', reason: 'full' })
      await journal.pause('run', 'a while')
      assert.deepEqual(await lostAndRestored(journal, SIDE_BY_SIDE), [])
      assert.deepEqual(await journal.claim(heldBy('a')), { outcome: 'refused', reason: 'run-paused' })
      const loaded = await loadedOf(journal)
      await journal.erase('run', loaded.records.length)
      await journal.start(startCommand(ALONE, { runId: 'run' }))
      await lostAndRestored(journal, ALONE)
      await advance(60_000)
      assert.ok((await journal.due(10)).some(({ kind }) => kind === 'run-ended'))
    },
  },
  {
    name: 'a run that was over is over when it is restored, and can be reopened',
    async run({ journal }) {
      await journal.start(startCommand(CHAIN, { runId: 'run' }))
      await claimed(journal, 'a')
      await journal.cancel('run', 'its parent ended', 'run/parent-ended')
      assert.deepEqual(await lostAndRestored(journal, CHAIN), [])
      assert.equal(await statusOf(journal), 'cancelled')
      const reopening = planResume(CHAIN, await loadedOf(journal), { reason: 'resume' })
      assert.ok(reopening !== null)
      const reply = await journal.reopen(reopening)
      assert.ok(reply.outcome === 'reopened')
      assert.deepEqual(idsOf(reply.offers), ['a'])
    },
  },
]
