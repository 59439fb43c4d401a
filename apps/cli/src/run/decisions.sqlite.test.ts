import { expect, test } from 'vitest'
import { call, folderWith, type Called } from '../io/fake-io.fixture.ts'

const GATED = `
name: gated
steps:
  - id: review
    type: subworkflow
    isolated_state: true
    workflow_inline: {name: child, steps: [{id: final, type: approval_gate, output: verdict}]}
    return_keys: [verdict]
    output: review
  - {id: say, type: tool, depends_on: [review], tool_name: shell_command, tool_args: {command: "echo {state.review.verdict}"}}
`

const WAITS = `
name: waits
steps:
  - {id: gate, type: approval_gate}
  - {id: parcel, type: wait_for, signal: delivered, depends_on: [gate], output: parcel}
`

const files = { 'gated.yaml': GATED, 'waits.yaml': WAITS }

const idIn = ({ stdout }: Called): string => / run ([a-z2-9]{16})/.exec(stdout)?.[1] ?? ''

async function paused(file = 'gated.yaml') {
  const cwd = folderWith(files)
  const called = await call(['run', file], { cwd })
  return { cwd, called, id: idIn(called) }
}

test('a run that comes to a gate says where it waits, and what decides', async () => {
  const { called, id } = await paused()
  const lines = called.stdout
    .replace(/\d+ ms/g, 'N ms')
    .replaceAll(id, 'ID')
    .trimEnd()
    .split('\n')
  expect(called).toMatchObject({ code: 0, stderr: '' })
  expect(lines.slice(-2)).toEqual([
    'paused in N ms · waits for a decision at review.final · 0 steps done, nothing is lost',
    'next: agentloom resume ID --approve review.final · agentloom resume ID --reject review.final · agentloom show ID',
  ])
})

test.each<[string, (id: string) => string[], string]>([
  ['by name', (id) => [id, '--approve', 'review.final'], 'approved'],
  ['the only one', (id) => [id, '--reject'], 'rejected'],
  ['as the Python engine’s hints say', (id) => [id, '--step', 'review.final', '--approve'], 'approved'],
  ['with the option before the run', (id) => ['--approve', id], 'approved'],
])('resume decides: %s', async (_how, args, verdict) => {
  const { cwd, id } = await paused()
  const called = await call(['resume', ...args(id), '--json'], { cwd })
  expect(called).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(called.stdout)).toMatchObject({ status: 'success', state: { review: { verdict } } })
})

test('explain says what a run waits for and what decides, and what comes after it', async () => {
  const { cwd, id } = await paused()
  const told = await call(['explain', id], { cwd })
  expect(told).toMatchObject({ code: 0, stderr: '' })
  expect(told.stdout.replaceAll(id, 'ID').trimEnd().split('\n')).toEqual([
    'run ID is paused: step review.final waits for a decision',
    'mend it with: agentloom approve ID review.final',
    '  review waits for its child run ID.review, which is paused',
    '  review.final waits for a decision',
    '  say comes after review',
  ])
  const json: unknown = JSON.parse((await call(['explain', id, '--json'], { cwd })).stdout)
  expect(json).toMatchObject({ run_id: id, cause: 'gate', steps: [{ step: 'review' }, { step: 'review.final' }, {}] })
  expect(await call(['explain', 'aaaaaaaaaaaaaaaa'], { cwd })).toMatchObject({ code: 1 })
})

const DEAR = `
name: dear
config: {provider: mock, responses_file: answers.json, budget_usd: 0.01, on_budget: park}
steps:
  - {id: a, type: llm_call, prompt: hi, output: text}
  - {id: b, type: llm_call, depends_on: [a], prompt: "More than {state.text}"}
`
const DEAR_ANSWERS = JSON.stringify({ a: { content: 'Hello', cost_usd: 0.02 }, b: { content: 'Bye', cost_usd: 0.02 } })

test('a run whose budget is spent is parked, explained, and goes on with more', async () => {
  const cwd = folderWith({ 'dear.yaml': DEAR, 'answers.json': DEAR_ANSWERS })
  const called = await call(['run', 'dear.yaml'], { cwd })
  expect(called).toMatchObject({ code: 0, stderr: '' })
  expect(called.stdout).toContain('next: agentloom explain')
  const id = idIn(called)
  const explained = await call(['explain', id], { cwd })
  expect(explained.stdout).toMatch(
    /^run \w+ is parked: its budget is spent since .*\nmend it with: agentloom resume \w+ --budget USD\n/,
  )
  const again = await call(['resume', id, '--budget', '1', '--json'], { cwd })
  expect(again).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(again.stdout)).toMatchObject({ status: 'success', cost_usd: 0.04 })
})

test('a run ends its command, too, when the run below it is parked; the run at the top is resumed', async () => {
  const parent = 'name: parent\nsteps:\n  - {id: s, type: subworkflow, workflow_path: dear.yaml}\n'
  const cwd = folderWith({ 'dear.yaml': DEAR, 'parent.yaml': parent, 'answers.json': DEAR_ANSWERS })
  const called = await call(['run', 'parent.yaml'], { cwd })
  expect(called).toMatchObject({ code: 0, stderr: '' })
  const id = idIn(called)
  const explained = await call(['explain', id], { cwd })
  expect(explained.stdout).toMatch(
    /is parked: step s waits for its child run \w+\.s: its budget is spent since .*\nmend it with: agentloom resume [a-z0-9]{16} --budget USD\n/,
  )
  const again = await call(['resume', id, '--budget', '1', '--json'], { cwd })
  expect(JSON.parse(again.stdout)).toMatchObject({ status: 'success', cost_usd: 0.04 })
})

test('without a decision it pauses again', async () => {
  const { cwd, id } = await paused()
  const called = await call(['resume', id, '--json'], { cwd })
  expect(called.code).toBe(0)
  expect(JSON.parse(called.stdout)).toMatchObject({
    status: 'paused',
    steps: { review: { status: 'paused', waiting_at: 'review.final' } },
  })
})

test.each([
  [['--approve', '--reject'], 1, 'Cannot use --approve and --reject together.'],
  [['--approve', 'nope'], 1, 'waiting: review.final'],
  [['--step', 'review.final'], 2, '--step'],
])('resume %j is refused', async (args, code, said) => {
  const { cwd, id } = await paused()
  const called = await call(['resume', id, ...args], { cwd })
  expect(called.code).toBe(code)
  expect(called.stderr).toContain(said)
  expect(JSON.parse((await call(['show', id, '--json'], { cwd })).stdout)).toMatchObject({ status: 'paused' })
})

test('approve and signal tell a run that nobody executes; a resume goes on with both', async () => {
  const { cwd, id } = await paused('waits.yaml')
  expect(await call(['approve', id], { cwd })).toMatchObject({
    code: 0,
    stdout: `gate gate of run ${id} is approved\n`,
  })
  expect(await call(['reject', id, 'gate'], { cwd })).toMatchObject({ code: 1 })
  expect(await call(['signal', id, 'delivered', '{"n": 1}', '--json'], { cwd })).toMatchObject({ code: 0 })
  expect((await call(['signal', id, 'delivered', 'no json'], { cwd })).stderr).toContain('input/payload')
  expect((await call(['signal', id, 'delivered', '2'], { cwd })).stderr).toContain('run/signal-refused')
  const called = await call(['resume', id, '--json'], { cwd })
  expect(JSON.parse(called.stdout)).toMatchObject({ status: 'success', state: { parcel: { n: 1 } } })
})
