import { edgesOf, NO_USAGE, startCommand, type Settlement } from '@agentloom/engine'
import { childOf, claimed, retry, settled, success, waiting } from '@agentloom/engine/testing'
import type { Plan } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { openTestJournal, type TestJournal } from '../testing/open-journal.fixture.ts'
import { planOf } from '../testing/plans.fixture.ts'
import { verifyStored } from './verify-stored.ts'

const plan = planOf(
  `  - {id: done, type: function, handler: echo, input: {}, depends_on: []}
  - {id: open, type: function, handler: echo, input: {}, depends_on: []}
  - {id: again, type: function, handler: echo, input: {}, depends_on: []}
  - {id: sleeps, type: function, handler: echo, input: {}, depends_on: []}
  - {id: listens, type: function, handler: echo, input: {}, depends_on: []}
  - {id: parent, type: function, handler: echo, input: {}, depends_on: []}
  - {id: next, type: function, handler: echo, input: {}, depends_on: [done]}
  - {id: join, type: function, handler: echo, input: {}, depends_on: [done, open]}`,
  '{max_concurrent_steps: 2, timeout: 60, budget_usd: 1}',
)

/** A run in which every kind of obligation is open. */
async function played({ journal }: TestJournal): Promise<void> {
  await journal.start(startCommand(plan, { runId: 'run' }))
  const done = await claimed(journal, 'done')
  const node = plan.byId.get('done')
  if (node === undefined) throw new Error('no step')
  await settled(journal, done.claim, { ...success('"a"'), usage: USAGE }, edgesOf(plan, node, SUCCESS))
  await claimed(journal, 'open')
  await settled(journal, (await claimed(journal, 'again')).claim, retry(1_000), [])
  await settled(journal, (await claimed(journal, 'sleeps')).claim, waiting({ kind: 'timer', delayMs: 5_000 }), [])
  await settled(
    journal,
    (await claimed(journal, 'listens')).claim,
    waiting({ kind: 'signal', name: 'x', timeoutMs: null }),
    [],
  )
  const parent = await claimed(journal, 'parent')
  await journal.start({ ...childOf('parent'), definition: plan.hash, definitionText: 'as it is' })
  await settled(journal, parent.claim, waiting({ kind: 'child', runId: 'run.parent' }), [])
}

const SUCCESS = { kind: 'success', target: null } as const
const FAILURE: Settlement = {
  kind: 'failed',
  error: { code: 'step/threw', message: 'no', place: null, help: null },
  usage: NO_USAGE,
  output: '"why"',
}
const USAGE = { durationMs: 1, tokens: 1, costNanoUsd: 7, model: null, provider: null }

async function verified({ redis, keys, journal }: TestJournal, runId = 'run', of: Plan = plan) {
  const found = await verifyStored({ redis, keys, journal, planOf: async () => of }, runId)
  return found?.findings.map(({ code, stepId, message }) => `${code} ${stepId ?? ''}: ${message}`)
}

async function opened(work: (opened: TestJournal) => Promise<void>): Promise<void> {
  const one = await openTestJournal()
  try {
    await played(one)
    await work(one)
  } finally {
    await one.close()
  }
}

test('nothing is wrong with a run in which all sorts of things are open', async () => {
  await opened(async (one) => {
    expect(await verified(one)).toEqual([])
    expect(await verified(one, 'other')).toBeUndefined()
    await one.journal.pause('run', 'wait')
    expect(await verified(one)).toEqual([])
    await one.journal.cancel('run', 'enough')
    expect(await verified(one)).toEqual([])
  })
})

type Corrupt = (opened: TestJournal) => Promise<unknown>

const steps = ({ redis, keys }: TestJournal) => ({
  set: (name: string, value: string | number) => redis.hset(keys.run('run')[1], name, value),
  del: (name: string) => redis.hdel(keys.run('run')[1], name),
  change: async (name: string, from: RegExp, to: string) => {
    const text = await redis.hget(keys.run('run')[1], name)
    return redis.hset(keys.run('run')[1], name, String(text).replace(from, to))
  },
})
const field =
  (name: string, value: string | number): Corrupt =>
  ({ redis, keys }) =>
    redis.hset(keys.run('run')[0], name, value)
const notDue =
  (member: string): Corrupt =>
  ({ redis, keys }) =>
    redis.zrem(keys.due, member)

test.each<readonly [what: string, corrupt: Corrupt, findings: readonly string[]]>([
  [
    'the counter of unresolved steps',
    (one) => steps(one).set('/unresolved', 6),
    ['counter : /unresolved is 6, its records make it 7'],
  ],
  [
    'the counter of open steps',
    (one) => steps(one).del('/open'),
    ['counter : /open is missing, its records make it 4|0|2'],
  ],
  ['the steps in flight', field('inFlight', 5), ['counter : inFlight is 5, its records make it 1']],
  ['what was spent', field('spent', 1), ['counter : spent is 1, its records make it 7']],
  [
    'the mark of a plain run',
    (one) => steps(one).set('/plain', 1),
    ['counter : it is marked as a plain run, which it is not'],
  ],
  [
    'a step that was never taken',
    (one) => steps(one).del('next'),
    ['cell next: it is waiting for its sources, its records make it ready'],
  ],
  [
    'a result',
    (one) => steps(one).change('done', /^s/, 'r'),
    [
      'cell done: it is ready, its records make it committed',
      'due done: it is ready, and nobody will look at it again: it is not in due',
    ],
  ],
  ['edges', (one) => steps(one).del('join'), ['cell join: 0 edges have come (||0), its records make them 1 (||2)']],
  [
    'an epoch',
    (one) => steps(one).change('open', /\|\d+\|/, '|0|'),
    ['cell open: its epoch is 0, its records tell of 2'],
  ],
  [
    'failures',
    (one) => steps(one).change('again', /^(b[^|]*\|\d+\|)1/, '$10'),
    ['cell again: it counts 0 failures, its records 1'],
  ],
  ['nonsense', (one) => steps(one).set('open', 'what?'), ['cell open: its state is nonsense: what?']],
  [
    'who waits for a signal',
    (one) => steps(one).del('/want:x'),
    ['cell : /want:x is missing, its records make it listens'],
  ],
  [
    'who waits for a child run',
    (one) => steps(one).set('/kids', 'done'),
    ['cell : /kids is done, its records make it parent'],
  ],
  [
    'until when it sleeps',
    (one) => steps(one).set('/wait:sleeps', '1|'),
    ['cell : /wait:sleeps is 1|, its records make it 1700000005000|'],
  ],
  ['a lease', notDue('run/open'), ['due open: it is claimed, and nobody will look at it again: it is not in due']],
  ['an offer', notDue('run/next'), ['due next: it is ready, and nobody will look at it again: it is not in due']],
  [
    'a back-off',
    notDue('run/again'),
    ['due again: it is waiting to be tried again, and nobody will look at it again: it is not in due'],
  ],
  [
    'a sleep',
    notDue('run/sleeps'),
    ['due sleeps: it is waiting for a time, and nobody will look at it again: it is not in due'],
  ],
  [
    'a child run',
    notDue('run/parent'),
    ['due parent: it is waiting for its child run, and nobody will look at it again: it is not in due'],
  ],
  ['a time-out', notDue('run'), ['due : its time-out is not in due']],
  [
    'a list of runs',
    ({ redis, keys }) => redis.zrem(keys.index('running'), 'run'),
    ['index : the list ix:running does not name it'],
  ],
  [
    'another list',
    ({ redis, keys }) => redis.zadd(keys.index('failed'), 1, 'run'),
    ['index : the list ix:failed names it, but it belongs to ix:running'],
  ],
])('finds what is wrong with %s', async (_, corrupt, findings) => {
  await opened(async (one) => {
    await corrupt(one)
    expect(await verified(one)).toEqual(findings)
  })
})

test('finds the missing output of a step that failed', async () => {
  await opened(async (one) => {
    const { claim } = await claimed(one.journal, 'next')
    await settled(one.journal, claim, FAILURE, [])
    expect(await verified(one)).toEqual([])
    await one.redis.hdel(one.keys.run('run')[2], 'next')
    expect(await verified(one)).toEqual(['output next: its output is missing'])
  })
})
