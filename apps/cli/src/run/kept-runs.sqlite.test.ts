import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CheckpointStore } from '@agentloom/embedded'
import { expect, test } from 'vitest'
import { call, folderWith, type Called } from '../io/fake-io.fixture.ts'

const GATED = `
name: gated
state: {seen: 1}
steps:
  - {id: say, type: tool, tool_name: shell_command, tool_args: {command: "echo once"}, output: said}
  - {id: gate, type: approval_gate, depends_on: [say]}
  - {id: after, type: tool, depends_on: [gate], tool_name: shell_command, tool_args: {command: "echo {state.said}"}, output: after}
`
const NESTED = `
name: nested
steps:
  - id: sub
    type: subworkflow
    output: sub
    workflow_inline:
      name: inner
      steps:
        - {id: first, type: tool, tool_name: shell_command, tool_args: {command: "echo in"}, output: first}
        - {id: gate, type: approval_gate, depends_on: [first]}
`

const idIn = ({ stdout }: Called): string => / run ([a-z2-9]{16})/.exec(stdout)?.[1] ?? ''
const shown = async (cwd: string, runId: string) => JSON.parse((await call(['show', runId, '--json'], { cwd })).stdout)

test.each([
  ['gated', GATED],
  ['nested', NESTED],
])('a %s run that is exported and imported elsewhere is the same, and goes on from there', async (name, text) => {
  const cwd = folderWith({ 'flow.yaml': text })
  const runId = idIn(await call(['run', 'flow.yaml'], { cwd }))
  const exported = await call(['export', runId, '-o', 'run.json'], { cwd })
  expect(exported).toMatchObject({ code: 0, stdout: '' })
  const file = join(cwd, 'run.json')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect((await call(['export', runId], { cwd })).stdout).toBe(readFileSync(file, 'utf8'))

  const other = folderWith()
  expect(await call(['import', file], { cwd: other })).toMatchObject({
    code: 0,
    stdout: `run ${runId} is here · paused\n`,
  })
  expect(await shown(other, runId)).toEqual(await shown(cwd, runId))
  const done = await call(['resume', runId, '--approve', '--json'], { cwd: other })
  expect(JSON.parse(done.stdout)).toMatchObject({ run_id: runId, workflow: name, status: 'success' })
  const again = await call(['import', file], { cwd: other })
  expect(again.code).toBe(1)
  expect(again.stderr).toContain(`there is a run ${runId} already`)
})

test('a checkpoint in the Python engine’s form is imported again with its paused gate', async () => {
  const cwd = folderWith({ 'flow.yaml': GATED })
  const runId = idIn(await call(['run', 'flow.yaml'], { cwd }))
  await call(['export', runId, '--format', 'reference', '-o', 'python.json'], { cwd })
  expect(JSON.parse(readFileSync(join(cwd, 'python.json'), 'utf8'))).toMatchObject({
    status: 'paused',
    completed_steps: ['say'],
    paused_step_id: 'gate',
  })
  const other = folderWith()
  expect(await call(['import', join(cwd, 'python.json')], { cwd: other })).toMatchObject({ code: 0, stderr: '' })
  const done = await call(['resume', runId, '--approve', '--json'], { cwd: other })
  const { status, state, steps } = JSON.parse(done.stdout)
  expect(status).toBe('success')
  expect(state).toMatchObject({ seen: 1, said: { stdout: 'once\n' }, after: { returncode: 0 } })
  expect(steps.say).toMatchObject({ status: 'success', attempts: 1 })
})

test('files that are none are told, and the others are imported', async () => {
  const cwd = folderWith({ 'flow.yaml': GATED })
  const runId = idIn(await call(['run', 'flow.yaml'], { cwd }))
  mkdirSync(join(cwd, 'in'))
  await call(['export', runId, '-o', 'in/a.json'], { cwd })
  writeFileSync(join(cwd, 'in', 'cut.json'), readFileSync(join(cwd, 'in', 'a.json'), 'utf8').slice(0, 500))
  writeFileSync(join(cwd, 'in', 'other.json'), '{"run_id":"x","workflow_definition":{"steps":[]}}')
  const other = folderWith()
  const called = await call(['import', join(cwd, 'in'), '--json'], { cwd: other })
  expect(called.code).toBe(1)
  expect(JSON.parse(called.stdout)).toEqual({ imported: [{ run_id: runId, status: 'paused' }] })
  expect(called.stderr).toContain('cut.json')
  expect(called.stderr).toContain('checkpoint/not-importable')
})

test('runs rm removes everything that is kept of a run, and refuses one that is not over', async () => {
  const cwd = folderWith({ 'flow.yaml': NESTED })
  const runId = idIn(await call(['run', 'flow.yaml'], { cwd }))
  mkdirSync(join(cwd, '.agentloom', 'work', runId), { recursive: true })
  const refused = await call(['runs', 'rm', runId], { cwd })
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain(`run ${runId} is paused; it is not removed`)
  expect(await call(['runs', 'rm', '--force', runId], { cwd })).toMatchObject({
    code: 0,
    stdout: `run ${runId} is removed\n`,
  })
  for (const id of [runId, `${runId}.sub`])
    expect((await call(['show', id], { cwd })).stderr).toContain('there is no run')
  expect((await call(['runs', '--json'], { cwd })).stdout.trim()).toBe('[]')
  expect(existsSync(join(cwd, '.agentloom', 'work', runId))).toBe(false)
  expect(existsSync(join(cwd, '.agentloom', 'sessions', `${runId}.json`))).toBe(false)
  expect((await call(['runs', 'rm', runId], { cwd })).stderr).toContain('there is no run')
  expect((await call(['runs', 'rm', `${runId}.sub`], { cwd })).code).toBe(2)
})

test('a live run of which only a checkpoint is left is not removed without --force', async () => {
  const cwd = folderWith({ 'flow.yaml': GATED })
  const runId = idIn(await call(['run', 'flow.yaml'], { cwd }))
  for (const ending of ['', '-wal', '-shm', '.made'])
    rmSync(join(cwd, '.agentloom', `journal.db${ending}`), { force: true })
  const refused = await call(['runs', 'rm', runId], { cwd })
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`run ${runId} is paused; it is not removed`),
  })
  expect(await shown(cwd, runId)).toMatchObject({ status: 'paused' })
  expect(await call(['runs', 'rm', '--force', runId], { cwd })).toMatchObject({ code: 0 })
  expect((await call(['show', runId], { cwd })).stderr).toContain('run/not-found')
})

test('a run that lives in Redis is shown from its checkpoint here, and neither gone on with nor removed nor picked', async () => {
  const cwd = folderWith({ 'flow.yaml': GATED })
  const runId = idIn(await call(['run', 'flow.yaml'], { cwd }))
  const folder = join(cwd, '.agentloom', 'checkpoints')
  await using mine = new CheckpointStore(folder)
  const run = await mine.read(runId)
  if (run === null) throw new Error('it is paused, and kept')
  await using workers = new CheckpointStore(folder, 'redis')
  await workers.write({ ...run, header: { ...run.header, runId: 'theirs', status: 'failed' } }, run.definitionText)
  expect(await shown(cwd, 'theirs')).toMatchObject({ run_id: 'theirs' })
  for (const refused of ['resume theirs --approve', 'runs rm --force theirs'])
    expect((await call(refused.split(' '), { cwd })).stderr).toContain('run/in-redis')
  expect((await call(['runs'], { cwd })).stdout).not.toContain('theirs')
  expect((await call(['resume', '--status', 'failed', '--dry-run'], { cwd })).stdout).not.toContain('theirs')
  expect((await call(['runs', 'prune', '--older-than', '0s'], { cwd })).stdout).toBe('removed 0 runs\n')
  expect(await workers.read('theirs')).toMatchObject({ place: 'redis' })
})

test.each(['missing/run.json', '.'])('export names a path that cannot be written: %s', async (path) => {
  const cwd = folderWith({ 'flow.yaml': GATED })
  const runId = idIn(await call(['run', 'flow.yaml'], { cwd }))
  const refused = await call(['export', runId, '-o', path], { cwd })
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('output/unwritten') })
})

test('a fork under the id of a run that is there leaves its session alone', async () => {
  const cwd = folderWith({ 'flow.yaml': GATED, 'other.yaml': GATED })
  const first = idIn(await call(['run', 'flow.yaml'], { cwd }))
  const second = idIn(await call(['run', 'other.yaml'], { cwd }))
  const session = join(cwd, '.agentloom', 'sessions', `${second}.json`)
  writeFileSync(session, readFileSync(session, 'utf8').replace(cwd, '/elsewhere'))
  const refused = await call(['fork', first, '--from', 'gate', '--id', second], { cwd })
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('fork/id') })
  expect(readFileSync(session, 'utf8')).toContain('/elsewhere')
})

test('a run of which only its checkpoint is left is forked', async () => {
  const cwd = folderWith({ 'flow.yaml': GATED })
  const runId = idIn(await call(['run', 'flow.yaml'], { cwd }))
  for (const ending of ['', '-wal', '-shm', '.made'])
    rmSync(join(cwd, '.agentloom', `journal.db${ending}`), { force: true })
  const forked = await call(['fork', runId, '--from', 'gate'], { cwd })
  expect(forked).toMatchObject({ code: 0, stderr: '' })
  expect(forked.stdout).toContain('1 kept, 0 again')
})

test('a damaged run is found by verify --all, removed with --force, and keeps nobody from pruning', async () => {
  const cwd = folderWith({ 'flow.yaml': 'name: a\nsteps:\n  - {id: s, type: sleep, seconds: 0}\n' })
  const [bad, good] = [idIn(await call(['run', 'flow.yaml'], { cwd })), idIn(await call(['run', 'flow.yaml'], { cwd }))]
  const journal = new DatabaseSync(join(cwd, '.agentloom', 'journal.db'))
  journal.prepare('update runs set sum = 1 where run = ?').run(bad)
  journal.close()
  const verified = await call(['verify', '--all'], { cwd })
  expect(verified).toMatchObject({ code: 1, stdout: expect.stringContaining(`✗ ${bad} · corrupt`) })
  expect(verified.stdout).toContain('2 runs looked at, 1 with something wrong')
  const pruned = await call(['runs', 'prune', '--older-than', '0s'], { cwd })
  expect(pruned).toMatchObject({ code: 1, stderr: expect.stringContaining(`run ${bad} is unreadable`) })
  expect(pruned.stdout).toContain(`${good}  success`)
  expect(await call(['runs', 'rm', '--force', bad], { cwd })).toMatchObject({ code: 0, stderr: '' })
  expect(await call(['verify', '--all'], { cwd })).toMatchObject({ code: 0 })
})

test('runs prune removes ended runs by age and number, and nothing in a dry run', async () => {
  const cwd = folderWith({
    'flow.yaml': 'name: a\nsteps:\n  - {id: s, type: sleep, seconds: 0}\n',
    'gated.yaml': GATED,
  })
  const ids = []
  for (let n = 0; n < 3; n += 1) ids.push(idIn(await call(['run', 'flow.yaml'], { cwd })))
  await call(['run', 'gated.yaml'], { cwd })
  expect((await call(['runs', 'prune'], { cwd })).code).toBe(2)
  expect((await call(['runs', 'prune', '--keep', '0', '--status', 'paused'], { cwd })).code).toBe(2)
  const dry = await call(['runs', 'prune', '--keep', '1', '--dry-run', '--json'], { cwd })
  expect(JSON.parse(dry.stdout)).toEqual({ removed: [ids[0], ids[1]], dry_run: true, kept: 1 })
  expect((await call(['runs', 'prune', '--older-than', '1h'], { cwd })).stdout).toBe('removed 0 runs\n')
  const done = await call(['runs', 'prune', '--keep', '1', '--older-than', '0s'], { cwd })
  expect(done.stdout.split('\n').at(-2)).toBe('removed 2 runs')
  const left = JSON.parse((await call(['runs', '--json'], { cwd })).stdout)
  expect(left.map(({ status }: { readonly status: string }) => status)).toEqual(['paused', 'success'])
})
