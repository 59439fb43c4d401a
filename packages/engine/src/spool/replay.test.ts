import { compileYaml } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { MemoryJournal } from '../journal/memory-journal.ts'
import { NO_USAGE } from '../journal/record.ts'
import type { Claim, SettleReply } from '../ports/journal.ts'
import type { Spool } from '../ports/spool.ts'
import { planMigration } from '../whole-runs/migrate.ts'
import { edgesOf, nodeOf } from '../schedule/verdicts.ts'
import { startCommand } from '../start.ts'
import { MemorySpool } from '../testing/memory-spool.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { replaySpool, type ReplayMode, type ReplayParts, type Ready } from './replay.ts'
import { SpooledJournal } from './spooled-journal.ts'

const { plan } = compileYaml(`
name: chain
steps:
  - {id: a, type: function, handler: f}
  - {id: b, type: function, handler: f, depends_on: [a]}
  - {id: c, type: function, handler: f, depends_on: [b]}
`)

const { plan: longer } = compileYaml(`
name: chain
steps:
  - {id: a, type: function, handler: f}
  - {id: b, type: function, handler: f, depends_on: [a]}
  - {id: c, type: function, handler: f, depends_on: [b]}
  - {id: d, type: function, handler: f, depends_on: [c]}
`)

const clock = new VirtualClock()
const now = (): number => clock.now()

function emptyJournal(): MemoryJournal {
  return new MemoryJournal({ now, offerMs: 5_000, hasLeases: true })
}

async function startedRun() {
  const memory = emptyJournal()
  const spools = [new MemorySpool(), new MemorySpool()] as const
  const workers = spools.map((spool) => new SpooledJournal(memory, { spool, order: 'parallel', now }))
  await memory.start(startCommand(plan, { runId: 'run' }))
  return {
    memory,
    spools,
    worker(index: number): SpooledJournal {
      const found = workers[index]
      if (found === undefined) throw new Error('no such worker')
      return found
    },
  }
}

async function claimed(journal: SpooledJournal, stepId: string): Promise<Claim> {
  const offer = { runId: 'run', stepId, epoch: 0 }
  const reply = await journal.claim({
    offer,
    nonce: `n-${stepId}`,
    worker: 'w',
    leaseMs: 4_000,
    reads: [],
    isDecided: false,
  })
  if (reply.outcome !== 'claimed') throw new Error(reply.outcome)
  return reply.claim
}

function committed(journal: Pick<SpooledJournal, 'settle'>, claim: Claim): Promise<SettleReply> {
  const node = nodeOf(plan, claim.stepId)
  const edges = edgesOf(plan, node, { kind: 'success', target: null })
  const settlement = { kind: 'success', output: `"${claim.stepId}"`, usage: NO_USAGE } as const
  return journal.settle({ claim, rank: node.index, settlement, edges, next: null })
}

async function done(journal: SpooledJournal, stepId: string): Promise<void> {
  await committed(journal, await claimed(journal, stepId))
}

async function replayed(spool: Spool, journal: MemoryJournal, mode: ReplayMode) {
  const ready: Ready[] = []
  const parts: ReplayParts = {
    spool,
    journal,
    planOf: (hash) => (hash === longer.hash ? longer : plan),
    onReady: async (_plan, _runId, one) => void ready.push(one),
    nowMs: now(),
  }
  const [run] = await replaySpool(parts, mode)
  return { run, ready }
}

async function stepsOf(journal: MemoryJournal): Promise<string> {
  const loaded = await journal.load('run')
  return (loaded?.records ?? []).flatMap((record) => (record.kind === 'committed' ? record.stepId : [])).join()
}

test('a run that the journal has lost is there again, and goes on behind its results', async () => {
  const { spools, worker } = await startedRun()
  await done(worker(0), 'a')
  await done(worker(0), 'b')
  const emptied = emptyJournal()
  const { run, ready } = await replayed(spools[0], emptied, 'last')
  expect(run).toMatchObject({ outcome: 'restored', lost: [], waiting: [] })
  expect(ready).toMatchObject([{ offers: [{ stepId: 'c' }] }])
  expect(await stepsOf(emptied)).toBe('a,b')
  expect((await replayed(spools[0], emptied, 'last')).run).toEqual({ runId: 'run', outcome: 'known' })
})

test('what a worker had spooled, and died before it was committed, is told the journal that holds its claim', async () => {
  const { spools, worker, memory } = await startedRun()
  const claim = await claimed(worker(0), 'a')
  memory.settle = () => Promise.reject(new Error('killed'))
  await expect(committed(worker(0), claim)).rejects.toThrow('killed')
  Reflect.deleteProperty(memory, 'settle')
  const { run, ready } = await replayed(spools[0], memory, 'resend')
  expect(run).toMatchObject({ outcome: 'resent', addedCount: 1 })
  expect(ready).toMatchObject([{ outcome: 'settled', offers: [{ stepId: 'b' }] }])
  expect((await replayed(spools[0], memory, 'resend')).run).toMatchObject({ outcome: 'known' })
})

test('a journal that lost nothing is left alone, and so are the claims that it holds', async () => {
  const { spools, worker, memory } = await startedRun()
  await done(worker(0), 'a')
  const held = await claimed(worker(0), 'b')
  expect((await replayed(spools[0], memory, 'last')).run).toEqual({ runId: 'run', outcome: 'known' })
  expect(await committed(worker(0), held)).toMatchObject({ outcome: 'settled' })
})

test('results of several workers come together, whoever comes first', async () => {
  const { spools, worker } = await startedRun()
  await done(worker(0), 'a')
  await done(worker(1), 'b')
  await done(worker(0), 'c')
  const emptied = emptyJournal()
  expect((await replayed(spools[1], emptied, 'merge')).run).toMatchObject({ waiting: ['b'] })
  expect((await replayed(spools[0], emptied, 'merge')).run).toMatchObject({ waiting: ['c'] })
  expect((await replayed(spools[1], emptied, 'merge')).run).toMatchObject({ waiting: [] })
  expect((await replayed(spools[0], emptied, 'merge')).run).toMatchObject({ waiting: [] })
  expect(await emptied.header('run')).toMatchObject({ status: 'success' })
})

test('a worker that is gone with its disk: its result is lost, that is said, and others stay', async () => {
  const { spools, worker } = await startedRun()
  await done(worker(0), 'a')
  await done(worker(1), 'b')
  const emptied = emptyJournal()
  const { run, ready } = await replayed(spools[1], emptied, 'last')
  expect(run).toMatchObject({ outcome: 'restored', lost: ['a'] })
  expect(ready).toMatchObject([{ offers: [{ stepId: 'a' }, { stepId: 'c' }] }])
  expect(await stepsOf(emptied)).toBe('b')
})

test('a retry that was spooled while the worker’s clock was an hour ahead is not an hour late', async () => {
  const memory = emptyJournal()
  const spool = new MemorySpool()
  const ahead = new SpooledJournal(memory, { spool, order: 'parallel', now: () => now() + 3_600_000 })
  await memory.start(startCommand(plan, { runId: 'run' }))
  const claim = await claimed(ahead, 'a')
  const error = { code: 'step/threw', message: 'no', place: null, help: null }
  const settlement = { kind: 'retry', status: 'failed', error, usage: NO_USAGE, delayMs: 500 } as const
  await ahead.settle({ claim, rank: 0, settlement, edges: [], next: null })
  const emptied = emptyJournal()
  await replayed(spool, emptied, 'last')
  clock.advance(501)
  expect(await emptied.due(10)).toMatchObject([{ kind: 'offer', cause: 'retry', stepId: 'a' }])
})

test('a wait that the journal has lost began when it began, also where the journal holds its claim', async () => {
  const { spools, worker, memory } = await startedRun()
  const claim = await claimed(worker(0), 'a')
  memory.settle = () => Promise.reject(new Error('lost'))
  const settlement = { kind: 'wait', wait: { kind: 'timer', delayMs: 700 }, usage: NO_USAGE } as const
  const beganMs = now()
  await expect(worker(0).settle({ claim, rank: 0, settlement, edges: [], next: null })).rejects.toThrow('lost')
  Reflect.deleteProperty(memory, 'settle')
  clock.advance(2_000)
  await replayed(spools[0], memory, 'merge')
  const waiting = (await memory.load('run'))?.records.find(({ kind }) => kind === 'waiting')
  expect(waiting).toMatchObject({ atMs: beganMs, untilMs: beganMs + 700 })
})

test('an attempt that two workers have seen fail, the first when it was not asked any more, counts once', async () => {
  const { spools, worker, memory } = await startedRun()
  const error = { code: 'step/threw', message: 'no', place: null, help: null }
  const settlement = { kind: 'retry', status: 'failed', error, usage: NO_USAGE, delayMs: 0 } as const
  const late = await claimed(worker(0), 'a')
  clock.advance(4_001)
  const [due] = await memory.due(10, { endsLeases: true })
  if (due?.kind !== 'offer') throw new Error(`nothing is offered again: ${due?.kind}`)
  const again = { nonce: 'n-again', worker: 'w', leaseMs: 4_000, reads: [], isDecided: false }
  const reply = await worker(1).claim({ ...again, offer: { runId: 'run', stepId: 'a', epoch: due.epoch } })
  if (reply.outcome !== 'claimed') throw new Error(reply.outcome)
  memory.settle = () => Promise.reject(new Error('lost')) // both are spooled; the journal is gone before it answers
  for (const [index, claim] of [late, reply.claim].entries())
    await expect(worker(index).settle({ claim, rank: 0, settlement, edges: [], next: null })).rejects.toThrow('lost')
  const emptied = emptyJournal()
  await replayed(spools[0], emptied, 'merge')
  await replayed(spools[1], emptied, 'last')
  const records = (await emptied.load('run'))?.records ?? []
  expect(records.filter(({ kind }) => kind === 'failed')).toHaveLength(1)
})

test('what a full disk has refused is told from memory', async () => {
  const { spools, worker } = await startedRun()
  await done(worker(0), 'a')
  const claim = await claimed(worker(0), 'b')
  spools[0].failure = new Error('the disk is full')
  await committed(worker(0), claim)
  const emptied = emptyJournal()
  const { run } = await replayed(worker(0).known, emptied, 'last')
  expect(run).toMatchObject({ outcome: 'restored', lost: [] })
  expect(await stepsOf(emptied)).toBe('a,b')
  expect((await worker(0).known.runs()).map(({ runId }) => runId)).toEqual(['run'])
})

async function migrate(from: MemoryJournal, to: MemoryJournal): Promise<void> {
  const loaded = await from.load('run')
  const planned = loaded === null ? null : planMigration(loaded, plan, longer, now())
  if (planned?.kind !== 'restore') throw new Error('not compatible')
  const replaces = to === from ? planned.restore.replaces : null
  expect(await to.restore({ ...planned.restore, replaces }, longer)).toMatchObject({ outcome: 'restored' })
}

test('a run that was migrated follows its new definition, also where the spool knows of the old one only', async () => {
  const { memory, spools, worker } = await startedRun()
  const migrated = emptyJournal()
  await migrate(memory, migrated)
  for (const stepId of ['a', 'b', 'c']) await done(worker(0), stepId)
  await replayed(spools[0], migrated, 'merge')
  expect(await stepsOf(migrated)).toBe('a,b,c')
  expect(await migrated.header('run')).toMatchObject({ definition: longer.hash, status: 'running' }) // d is to come
})

test('a worker that goes on with a migrated run writes its new definition down', async () => {
  const { memory, spools, worker } = await startedRun()
  await done(worker(0), 'a')
  await migrate(memory, memory)
  await done(worker(0), 'b')
  expect((await spools[0].read('run'))?.header.definition).toBe(longer.hash)
})

test('a result that the journal has from the spool is not refused when its worker tells it again', async () => {
  const { spools, memory } = await startedRun()
  const first = new SpooledJournal(memory, { spool: spools[0], order: 'before', now })
  const claim = await claimed(first, 'a')
  const lost = emptyJournal()
  memory.settle = async (command) => {
    await replayed(spools[0], lost, 'last') // while the command is under way
    return lost.settle(command)
  }
  memory.load = (runId, from) => lost.load(runId, from)
  expect(await committed(first, claim)).toEqual({ outcome: 'stale' })
  const emptiedAgain = emptyJournal()
  expect((await replayed(spools[0], emptiedAgain, 'last')).run).toMatchObject({ lost: [] })
  expect(await stepsOf(emptiedAgain)).toBe('a')
})

test('a note that the journal refused is not told at the next loss', async () => {
  const { spools, memory, worker } = await startedRun()
  const claim = await claimed(worker(0), 'a')
  await worker(0).append(claim, { text: '{"n":1}', usage: null })
  clock.advance(5_000)
  await memory.due(10)
  const offer = { runId: 'run', stepId: 'a', epoch: 1 }
  const again = { offer, nonce: 'other', worker: 'w2', leaseMs: 4_000, reads: [], isDecided: false }
  expect(await worker(1).claim(again)).toMatchObject({ outcome: 'claimed' })
  expect(await worker(0).append(claim, { text: '{"n":2}', usage: null })).toEqual({ outcome: 'stale' })
  const emptied = emptyJournal()
  await replayed(spools[0], emptied, 'last')
  expect(await emptied.notes('run', 'a')).toEqual(['{"n":1}'])
})
