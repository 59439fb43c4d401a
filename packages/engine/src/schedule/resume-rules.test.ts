// scheduling.md rule 11 over records: what runs again, what stays, and what its counters are then.
import { compileYaml, type Plan } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { type JournalRecord, NO_USAGE } from '../journal/record.ts'
import type { LoadedRun, ReopenRun, RunStatus } from '../ports/journal.ts'
import { failureCause, routingCause } from './cause.ts'
import { planResume } from './resume.ts'
import { EDGES_PER_COMMAND, nodeOf } from './verdicts.ts'

const step = (id: string, dependsOn = '') => `  - {id: ${id}, type: function, handler: h, depends_on: [${dependsOn}]}\n`
const planOf = (steps: string): Plan => compileYaml(`name: t\nsteps:\n${steps}`).plan

const at = { atMs: 1, epoch: 1, usage: NO_USAGE }
const error = { code: 'a/b', message: '', place: null, help: null }
const done = (stepId: string, output = '1'): JournalRecord => ({ ...at, kind: 'committed', stepId, output })
const failed = (stepId: string, status: 'failed' | 'timeout' = 'failed'): JournalRecord => ({
  ...at,
  kind: 'failed',
  stepId,
  status,
  error,
  retryAtMs: null,
})
const skipped = (stepId: string, cause: number): JournalRecord => ({ kind: 'skipped', atMs: 1, stepId, cause })

function resumed(plan: Plan, records: readonly JournalRecord[], status: RunStatus = 'failed'): ReopenRun {
  const header: LoadedRun['header'] = {
    runId: 'run',
    workflow: 't',
    definition: plan.hash,
    input: '{}',
    tenant: null,
    priority: 0,
    tags: [],
    status,
    error: null,
    createdAtMs: 1,
    updatedAtMs: 1,
    format: 1,
    parent: null,
    budgetNanoUsd: null,
    timeoutMs: null,
  }
  const command = planResume(plan, { header, records }, { reason: 'r' })
  if (command === null) throw new Error('nothing to resume')
  return command
}

const ids = (steps: readonly { readonly step: { readonly stepId: string } }[]) => steps.map((each) => each.step.stepId)
const ready = (command: ReopenRun) => command.ready.map(({ stepId }) => stepId)

test('failed, timed-out and failure-skipped steps run again; successes and routing skips stay', () => {
  const plan = planOf(
    step('ok') +
      step('bad') +
      step('late') +
      step('below', 'bad') +
      '  - {id: r, type: router, default: x}\n' +
      step('x', 'r') +
      step('not', 'r') +
      step('under', 'not'),
  )
  const command = resumed(plan, [
    done('ok'),
    failed('bad'),
    failed('late', 'timeout'),
    done('r', '"x"'),
    done('x'),
    skipped('below', failureCause(plan, nodeOf(plan, 'bad'))),
    skipped('not', routingCause(plan, 0)),
    skipped('under', routingCause(plan, 0)),
  ])
  expect(ids(command.reopened)).toEqual(['bad', 'late', 'below'])
  expect(ready(command)).toEqual(['bad', 'late'])
  expect(command).toMatchObject({ unresolvedCount: 3, counted: [], spread: [], recordCount: 8 })
})

test('a step that was cut off by the end of the run becomes ready again with what its sources say', () => {
  const plan = planOf(step('a') + step('b', 'a') + step('c', 'a, b'))
  const command = resumed(plan, [done('a')], 'budget_exceeded')
  expect(command).toMatchObject({ reopened: [], unresolvedCount: 2 })
  expect(ready(command)).toEqual(['b'])
})

test.each([EDGES_PER_COMMAND, EDGES_PER_COMMAND + 1])(
  'dependents of a step with %i of them are counted where spreading may have stopped',
  (count) => {
    const below = Array.from({ length: count }, (_, index) =>
      step(`s${index}`, index % 2 === 0 ? 'wide' : 'wide, other'),
    ).join('')
    const plan = planOf(step('wide') + step('other') + step('alone') + below)
    const command = resumed(plan, [done('wide')], 'paused')
    const isWide = count > EDGES_PER_COMMAND
    expect(command.spread).toEqual(isWide ? ['wide'] : [])
    expect(command.counted).toHaveLength(isWide ? count : 0)
  },
)

test('a run that was held while it cleaned up goes on with that and with nothing else', () => {
  const plan = compileYaml(
    `name: t\nsteps:\n${step('a')}${step('b', 'a')}${step('c', 'b')}finally: [{id: f, type: function, handler: h}]`,
  ).plan
  const records: JournalRecord[] = [failed('a'), { kind: 'closing', atMs: 1, status: 'failed', error }]
  expect(resumed(plan, records, 'paused')).toMatchObject({
    reopened: [],
    counted: [],
    spread: [],
    ready: [{ stepId: 'finally' }],
    unresolvedCount: 2,
  })
  // It waits for its own child run: nobody need be told.
  const wait: JournalRecord = {
    ...at,
    kind: 'waiting',
    stepId: 'finally',
    wait: { kind: 'child', runId: 'c' },
    untilMs: null,
  }
  expect(resumed(plan, [...records, wait], 'paused').ready).toEqual([])
  // A run that is over begins anew, and cleans up again at its next end.
  const ended: JournalRecord[] = [...records, done('finally')]
  expect(ids(resumed(plan, ended).reopened)).toEqual(['a', 'b', 'finally'])
})

test('nothing is resumed of a run that succeeded or was cancelled', () => {
  const plan = planOf(step('a'))
  for (const status of ['success', 'cancelled'] as const)
    expect(() => resumed(plan, [failed('a')], status)).toThrow('nothing to resume')
})
