import { compileYaml, type Plan } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { MemoryJournal } from '../journal/memory-journal.ts'
import type { ReopenRun, Wait } from '../ports/journal.ts'
import { startCommand } from '../start.ts'
import { claimed, failure, idsOf, settled, statusOf, success, waiting } from '../testing/journal-commands.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { planResume } from './resume.ts'
import { edgesOf, nodeOf } from './verdicts.ts'

const GATE: Wait = { kind: 'gate', timeoutMs: null }
const approved = { kind: 'decided', decision: 'approved', by: null } as const

/** `bad` fails, and what is below it goes on all the same; `after` comes behind both. */
const PLAN = compileYaml(`
name: wf
config: {on_step_failure: continue}
steps:
  - {id: bad, type: function, handler: f, input: {}}
  - {id: gate, type: function, handler: f, input: {}, depends_on: [bad]}
  - {id: after, type: function, handler: f, input: {}, depends_on: [bad, gate]}`).plan

async function atTheGate(plan: Plan = PLAN): Promise<MemoryJournal> {
  const clock = new VirtualClock()
  const journal = new MemoryJournal({ now: () => clock.now(), offerMs: 5_000, hasLeases: true })
  await journal.start(startCommand(plan, { runId: 'run' }))
  const edges = edgesOf(plan, nodeOf(plan, 'bad'), { kind: 'failed' })
  await settled(journal, (await claimed(journal, 'bad')).claim, failure('no'), edges)
  await settled(journal, (await claimed(journal, 'gate')).claim, waiting(GATE), [], 1)
  return journal
}

async function resumption(journal: MemoryJournal, runId = 'run'): Promise<ReopenRun | null> {
  const loaded = await journal.load(runId)
  return loaded === null ? null : planResume(PLAN, loaded, { reason: 'resumed' })
}

function reopenedBy(command: ReopenRun | null): readonly string[] {
  return command?.reopened.map(({ step }) => step.stepId) ?? []
}

test('a waiting gate stays as it is when a step above it is tried again', async () => {
  const journal = await atTheGate()
  const command = await resumption(journal)
  expect(reopenedBy(command)).toEqual(['bad', 'after'])
  expect(idsOf(command?.ready ?? [])).toEqual(['bad'])
  if (command !== null) await journal.reopen(command)
  expect(await statusOf(journal)).toBe('running')
  const again = await claimed(journal, 'bad', { nonce: 'n2' })
  const edges = edgesOf(PLAN, nodeOf(PLAN, 'bad'), { kind: 'success', target: null })
  expect((await settled(journal, again.claim, success('1'), edges)).runStatus).toBe('paused')
  await journal.wake({ runId: 'run', stepId: 'gate', wake: approved })
  const gate = await claimed(journal, 'gate', { nonce: 'n3' })
  expect([gate.wake, gate.visit]).toEqual([approved, 1])
  const below = edgesOf(PLAN, nodeOf(PLAN, 'gate'), { kind: 'success', target: null })
  expect(idsOf((await settled(journal, gate.claim, success('2'), below, 1)).offers)).toEqual(['after'])
})

test('a decision that no worker has seen yet is not lost', async () => {
  const journal = await atTheGate()
  await journal.pause('run', 'a while')
  await journal.wake({ runId: 'run', stepId: 'gate', wake: approved })
  const command = await resumption(journal)
  expect(reopenedBy(command)).toEqual(['bad', 'after'])
  expect(idsOf(command?.ready ?? []).toSorted()).toEqual(['bad', 'gate'])
  if (command !== null) await journal.reopen(command)
  expect((await claimed(journal, 'gate', { nonce: 'n2' })).wake).toEqual(approved)
})

test('a gate that failed asks again', async () => {
  const journal = await atTheGate()
  await journal.wake({ runId: 'run', stepId: 'gate', wake: approved })
  const edges = edgesOf(PLAN, nodeOf(PLAN, 'gate'), { kind: 'failed' })
  await settled(journal, (await claimed(journal, 'gate', { nonce: 'n2' })).claim, failure('strange'), edges, 1)
  await journal.pause('run', 'a while')
  expect(reopenedBy(await resumption(journal))).toEqual(['bad', 'gate', 'after'])
})

test('a cancelled run is over for good, one that only its parent’s end has ended is not', async () => {
  const journal = await atTheGate()
  await journal.cancel('run', 'not wanted')
  expect(await resumption(journal)).toBeNull()
  const parent = { runId: 'top', stepId: 'bad', rootRunId: 'top' }
  await journal.start(startCommand(PLAN, { runId: 'top' }))
  const { claim } = await claimed(journal, 'bad', { runId: 'top' })
  await journal.start(startCommand(PLAN, { runId: 'top.bad', parent }))
  await settled(journal, claim, waiting({ kind: 'child', runId: 'top.bad' }), [])
  await journal.cancel('top', 'not wanted')
  expect(await statusOf(journal, 'top.bad')).toBe('cancelled')
  expect(idsOf((await resumption(journal, 'top.bad'))?.ready ?? [])).toEqual(['bad'])
})

test('what a resume gave stays in force until the next one gives something else', async () => {
  const journal = await atTheGate()
  const loaded = await journal.load('run')
  const command = loaded === null ? null : planResume(PLAN, loaded, { reason: 'more', budgetNanoUsd: 7 })
  if (command !== null) await journal.reopen({ ...command, timeoutMs: 9 })
  expect(await journal.header('run')).toMatchObject({ budgetNanoUsd: 7, timeoutMs: 9 })
  await journal.pause('run', 'a while')
  expect(await resumption(journal)).toMatchObject({ budgetNanoUsd: 7, timeoutMs: 9 })
})
