import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { call, folderWith, type Called } from '../io/fake-io.fixture.ts'

/** Each call opens the journal and checks what is served; many at once on a busy machine take their time. */
const SLOW = { timeout: 90_000 }

function flow(said: string, last = 'echo end {state.draft}'): string {
  return `
name: flow
state: {topic: cats}
steps:
  - {id: draft, type: tool, tool_name: shell_command, tool_args: {command: "${said} {state.topic}"}, output: draft}
  - {id: ok, type: approval_gate, depends_on: [draft]}
  - {id: last, type: tool, depends_on: [ok], tool_name: shell_command, tool_args: {command: "${last}"}, output: last}
`
}

const idIn = ({ stdout }: Called): string => / run ([a-z2-9]{16})/.exec(stdout)?.[1] ?? ''

async function done() {
  const cwd = folderWith({ 'flow.yaml': flow('echo'), 'other.yaml': flow('echo', 'echo other {state.draft}') })
  const agentloom = (...args: string[]) => call(args, { cwd })
  const id = idIn(await agentloom('run', 'flow.yaml'))
  return { cwd, agentloom, id }
}

/** What the last step's command wrote, up to the first line's end. */
function lastIn(called: Called): string {
  const { last } = stateIn(called) as { last: { stdout: string } }
  return last.stdout
}

function stateIn({ stdout }: Called): Record<string, unknown> {
  return (JSON.parse(stdout) as { state: Record<string, unknown> }).state
}

test('a run goes on as it began when its file has changed meanwhile', SLOW, async () => {
  const { cwd, agentloom, id } = await done()
  writeFileSync(join(cwd, 'flow.yaml'), flow('echo', 'echo changed'))
  expect(lastIn(await agentloom('resume', id, '--approve', '--json'))).toMatch(/^end /)
})

test('a paused run is moved to a changed file, or every reason against it is told', SLOW, async () => {
  const { cwd, agentloom, id } = await done()
  expect((await agentloom('migrate', id, '--to', 'other.yaml', '--check')).stdout).toContain(`run ${id} can be moved`)
  const moved = await agentloom('migrate', id, '--to', 'other.yaml')
  expect(moved).toMatchObject({ code: 0, stderr: '' })
  expect(moved.stdout).toContain(`next: agentloom resume ${id}`)
  writeFileSync(join(cwd, 'bad.yaml'), flow('printf'))
  const refused = await agentloom('migrate', id, '--to', 'bad.yaml', '--json')
  expect(refused.code).toBe(1)
  expect(JSON.parse(refused.stdout)).toMatchObject({
    outcome: 'refused',
    problems: [{ kind: 'changed', step: 'draft', field: 'tool_args' }],
  })
  expect((await agentloom('migrate', id, '--to', 'bad.yaml')).stderr).toContain('migrate/refused')
  expect(lastIn(await agentloom('resume', id, '--approve', '--json'))).toMatch(/^other /)
})

test('a fork keeps what came before, and its difference to the first run is shown', SLOW, async () => {
  const { agentloom, id } = await done()
  await agentloom('resume', id, '--approve')
  const check = await agentloom('fork', id, '--from', 'last', '--check')
  expect(check).toMatchObject({ code: 0, stdout: 'kept:  draft, ok\nagain: last\n' })

  const same = await agentloom('fork', id, '--from', 'last', '--id', 'same')
  expect(same).toMatchObject({ code: 0, stderr: '' })
  expect(same.stdout).toContain(`flow · run same · fork of ${id} · 2 kept, 1 again`)
  expect(await agentloom('diff', id, 'same')).toMatchObject({ code: 0 })

  const set = `last.tool_args:={"command": "echo set {state.draft}"}`
  const forked = await agentloom(
    'fork',
    id,
    '--from',
    'last',
    '--set',
    set,
    '--state',
    'draft=mine',
    '--id',
    'mine',
    '--json',
  )
  expect(stateIn(forked)).toMatchObject({ draft: 'mine' })
  expect(lastIn(forked)).toBe('set mine\n')
  const differs = await agentloom('diff', id, 'mine')
  expect(differs.code).toBe(1)
  expect(differs.stdout).toContain('last.tool_args: ')
  expect(differs.stdout).toContain('the runs part at: draft')
  expect(JSON.parse((await agentloom('diff', id, 'mine', '--json')).stdout)).toMatchObject({
    same: false,
    part_at: ['draft'],
    parts: [{ step: 'last', field: 'tool_args' }],
  })
})

test('what cannot be forked, moved or compared says why', SLOW, async () => {
  const { agentloom, id } = await done()
  for (const [args, code, said] of [
    [['fork', id, '--from', 'lst'], 1, 'did you mean last?'],
    [['fork', id, '--from', 'last', '--set', 'nobody.x=1'], 2, 'names no field of a step'],
    [['fork', id], 2, '--from'],
    [['fork', 'nobody', '--from', 'a'], 1, 'run/not-found'],
    [['migrate', 'nobody', '--to', 'flow.yaml'], 1, 'run/not-found'],
    [['diff', id, 'nobody'], 1, 'run/not-found'],
  ] as const) {
    const called = await agentloom(...args)
    expect(called.code, args.join(' ')).toBe(code)
    expect(called.stderr).toContain(said)
  }
})
