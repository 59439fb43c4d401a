import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { call, folderWith, type Called } from '../io/fake-io.fixture.ts'
import { ANSWERS, ASK, DOUBLE, DOUBLE_MODULE, ECHO, ENDLESS } from '../workflows.fixture.ts'

const files = {
  'echo.yaml': ECHO,
  'ask.yaml': ASK,
  'endless.yaml': ENDLESS,
  'double.yaml': DOUBLE,
  'double.mjs': DOUBLE_MODULE,
  'answers.json': ANSWERS,
}

const idIn = ({ stdout }: Called): string => / run ([a-z2-9]{16})/.exec(stdout)?.[1] ?? ''

test('a run is told step by step, then summed up', async () => {
  const called = await call(['run', 'echo.yaml', '-s', 'topic=mate'], { cwd: folderWith(files) })
  const lines = called.stdout
    .replace(/\d+ ms/g, 'N ms')
    .replaceAll(idIn(called), 'ID')
    .split('\n')
  expect(called).toMatchObject({ code: 0, stderr: '' })
  expect(lines[0]).toBe('echo · run ID · embedded, journal in .agentloom/')
  expect(lines.slice(1, 3).map((line) => line.replace(/ +/g, ' '))).toEqual([
    ' ✓ first N ms mate',
    ' ✓ second N ms mate',
  ])
  expect(lines.slice(3)).toEqual(['success in N ms', 'next: agentloom show ID · agentloom run FILE', ''])
})

test('--json is one document and nothing else', async () => {
  const called = await call(['run', 'echo.yaml', '--json', '--state', 'topic:=1.0'], { cwd: folderWith(files) })
  const document: unknown = JSON.parse(called.stdout)
  expect(called).toMatchObject({ code: 0, stderr: '' })
  expect(document).toEqual({
    run_id: expect.stringMatching(/^[a-z2-9]{16}$/),
    workflow: 'echo',
    status: 'success',
    steps: {
      first: {
        status: 'success',
        output: { returncode: 0, stdout: '1.0\n', stderr: '' },
        error: null,
        tokens: 0,
        cost_usd: 0,
        duration_ms: expect.any(Number),
        attempts: 1,
      },
      second: expect.objectContaining({ status: 'success' }),
    },
    state: expect.objectContaining({ topic: 1 }),
    tokens: 0,
    cost_usd: 0,
    duration_ms: expect.any(Number),
    error: null,
  })
})

test('--json=agentloom is the shape of the Python engine', async () => {
  const { stdout } = await call(['run', 'echo.yaml', '--json=agentloom'], { cwd: folderWith(files) })
  expect(Object.keys(JSON.parse(stdout) as object)).toEqual([
    'workflow_name',
    'status',
    'step_results',
    'final_state',
    'total_duration_ms',
    'total_tokens',
    'total_cost_usd',
    'error',
    'run_id',
    'annotations',
  ])
})

test('state comes from stdin, and pairs win over it', async () => {
  const cwd = folderWith(files)
  const { stdout } = await call(['run', 'echo.yaml', '--state-file', '-', '--json', '-s', 'topic=pairs'], {
    cwd,
    stdin: '{"topic": "file", "other": [1]}',
  })
  expect(JSON.parse(stdout)).toMatchObject({ state: { topic: 'pairs', other: [1] } })
})

test('recorded answers are replayed, with their tokens and costs, and a resumed run still knows them', async () => {
  const cwd = folderWith(files)
  const called = await call(['run', 'ask.yaml', '--mock-responses', 'answers.json', '--budget', '0.01'], { cwd })
  expect(called.stdout).toMatch(/✓ ask +\d+ ms   15 tokens   \$0\.0200   gpt-5-mini/)
  expect(called.stdout).toContain('budget_exceeded in')
  expect(called.stdout).toContain('--budget USD')
  expect(called.code).toBe(1)
  const resumed = await call(['resume', idIn(called), '--budget', '0.05'], { cwd })
  expect(resumed.stdout).toContain('1 step kept, 0 to go')
  expect(resumed).toMatchObject({ code: 0 })
})

test('Ctrl-C pauses: what was committed is kept, and resume goes on behind it, in the run’s own folder', async () => {
  const cwd = folderWith(files)
  const called = await call(['run', 'endless.yaml'], { cwd, signalAt: { text: '✓ first', signal: 'SIGINT' } })
  const id = idIn(called)
  expect(called).toMatchObject({ code: 130, stderr: '' })
  expect(called.stdout).toMatch(/paused in .* · 1 step done, nothing is lost\nnext: agentloom resume /)

  writeFileSync(join(cwd, 'go'), '')
  const resumed = await call(['resume', id], { cwd: folderWith(), env: { AGENTLOOM_HOME: join(cwd, '.agentloom') } })
  expect(resumed).toMatchObject({ code: 0, stderr: '' })
  expect(resumed.stdout).toContain(`resuming endless · run ${id} · 1 step kept, 2 to go`)
  expect(resumed.stdout).not.toContain('✓ first')
  expect(resumed.stdout).toContain('✓ third')

  const again = await call(['resume', id], { cwd })
  expect(again.stdout).toContain('it succeeded: nothing to do')
  expect(again.code).toBe(0)
})

test.each([
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s pauses, too, and is told by the exit code %d', async (signal, code) => {
  const plain = await call(['run', 'endless.yaml'], { cwd: folderWith(files), signalAt: { text: '✓ first', signal } })
  expect(plain.code).toBe(code)
})

test('functions come from a module, which a resumed run finds again', async () => {
  const cwd = folderWith(files)
  const { stdout } = await call(['run', 'double.yaml', '--functions', 'double.mjs', '--json', '-s', 'n:=21'], { cwd })
  expect(JSON.parse(stdout)).toMatchObject({ status: 'success', state: { n2: 42 } })
})

test('a function that nobody defines is told before anything begins', async () => {
  const called = await call(['run', 'double.yaml'], { cwd: folderWith(files) })
  expect(called).toMatchObject({ code: 1, stdout: '' })
  expect(called.stderr).toContain('run/no-handler')
})

test('two functions of one name are refused', async () => {
  const cwd = folderWith({ ...files, 'other.mjs': DOUBLE_MODULE })
  const called = await call(['run', 'double.yaml', '--functions', 'double.mjs', '--functions', 'other.mjs'], { cwd })
  expect(called.stderr).toContain('function/twice')
  expect(called.code).toBe(1)
})

test('the same id with the same content is the same run, with other content it is refused', async () => {
  const cwd = folderWith(files)
  const first = await call(['run', 'echo.yaml', '--id', 'mine', '--json'], { cwd })
  const second = await call(['run', 'echo.yaml', '--id', 'mine', '--json'], { cwd })
  expect(second.stdout).toBe(first.stdout)
  expect(second.stderr).toContain('run mine was started before')
  const other = await call(['run', 'echo.yaml', '--id', 'mine', '-s', 'topic=other'], { cwd })
  expect(other.stderr).toContain('run/id-conflict')
  expect(other.code).toBe(1)
})

test('a failed run says which step, why, and what to do', async () => {
  const cwd = folderWith({
    'bad.yaml': ECHO.replace(
      'shell_command, tool_args: {command: "echo {state.topic}"}',
      'file_read, tool_args: {path: nothing}, retry: {max_retries: 0}',
    ),
  })
  const called = await call(['run', 'bad.yaml'], { cwd })
  expect(called.stdout).toMatch(
    /✗ first .*No such file[^]*- second .*skipped due to upstream failure: first\nfailed in .*\nnext: agentloom resume /,
  )
  expect(called.stderr).toContain('error  tool/failed')
  expect(called.code).toBe(1)
})

test('what models stream is printed with the name of its step', async () => {
  const called = await call(['run', 'ask.yaml', '--mock-responses', 'answers.json', '--stream'], {
    cwd: folderWith(files),
  })
  expect(called.stdout).toContain('   ask │ Tea is fine.\n ✓ ask')
})

test('outputs can not move the cursor', async () => {
  const evil = `name: evil\nsteps: [{id: a, type: tool, tool_name: shell_command, tool_args: {command: "printf '\\\\033]0;x\\\\007\\\\r\\\\342\\\\200\\\\256'"}}]\n`
  const cwd = folderWith({ 'evil.yaml': evil })
  const plain = await call(['run', 'evil.yaml'], { cwd, terminal: { columns: 80 } })
  expect(plain.screen.shown).toContain(String.raw`\u{1b}]0;x\u{7}`)
  const json = await call(['run', 'evil.yaml', '--json'], { cwd })
  expect(json.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  expect(JSON.parse(json.stdout)).toMatchObject({ steps: { a: { output: { stdout: '\x1b]0;x\x07\r\u202e' } } } })
})

test('runs are listed newest first, shown, and filtered', async () => {
  const cwd = folderWith(files)
  await call(['run', 'echo.yaml', '--id', 'one'], { cwd })
  await call(['run', 'double.yaml', '--functions', 'double.mjs', '--id', 'two'], { cwd })
  const all = JSON.parse((await call(['runs', '--json'], { cwd })).stdout) as { run_id: string }[]
  expect(all.map(({ run_id: id }) => id)).toEqual(['two', 'one'])
  const some = await call(['runs', '--workflow', 'echo', '--limit', '5'], { cwd })
  expect(some.stdout).toMatch(
    /^RUN ID +WORKFLOW +STATUS +UPDATED\n-+\none +echo +success +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\n$/,
  )
  expect((await call(['runs', '--status', 'failed'], { cwd })).stdout).toBe('No runs found.\n')
  expect((await call(['runs', '--status', 'failed', '--json'], { cwd })).stdout).toBe('[]\n')
  const shown = await call(['show', 'one'], { cwd })
  expect(shown.stdout).toMatch(/^echo · run one\n ✓ first [^]*state: topic, said, steps\nsuccess in/)
  expect(JSON.parse((await call(['show', 'one', '--json'], { cwd })).stdout)).toMatchObject({
    run_id: 'one',
    status: 'success',
  })
})

test('a paused run can be cancelled, once, and is then refused', async () => {
  const cwd = folderWith(files)
  const id = idIn(await call(['run', 'endless.yaml'], { cwd, signalAt: { text: '✓ first', signal: 'SIGINT' } }))
  expect((await call(['cancel', id], { cwd })).stdout).toBe(`run ${id} is cancelled\n`)
  expect((await call(['cancel', id], { cwd })).stdout).toBe(`run ${id} is cancelled already\n`)
  const resumed = await call(['resume', id], { cwd })
  expect(resumed.stderr).toContain('run/cancelled')
  expect(resumed.code).toBe(1)
})

test('a checkpoint of the Python engine’s kind is written where it was asked for', async () => {
  const cwd = folderWith(files)
  await call(['run', 'echo.yaml', '--id', 'one', '--checkpoint-dir', 'copies'], { cwd })
  const copy: unknown = JSON.parse(readFileSync(join(cwd, 'copies', 'one.json'), 'utf8'))
  expect(copy).toMatchObject({
    workflow_name: 'echo',
    run_id: 'one',
    workflow_definition: { name: 'echo' },
    completed_steps: ['first', 'second'],
    status: 'success',
    paused_step_id: null,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/),
  })
})

test('an --env-file is read as Node reads it, and what is set already wins', async () => {
  const cwd = folderWith({ ...files, '.env': 'AGENTLOOM_HOME=there\nAGENTLOOM_PREFIX=a#b\n' })
  const called = await call(['run', 'echo.yaml', '--env-file', '.env'], { cwd })
  expect(called.stdout).toContain('journal in there/')
  expect(
    (await call(['run', 'echo.yaml', '--env-file', '.env'], { cwd, env: { AGENTLOOM_HOME: 'here' } })).stdout,
  ).toContain('journal in here/')
})

test('a workflow that says nothing takes its defaults from the settings', async () => {
  const cwd = folderWith(files)
  const env = { AGENTLOOM_BUDGET_LIMIT: '0.01' }
  const called = await call(['run', 'ask.yaml', '--mock-responses', 'answers.json', '--json'], { cwd, env })
  expect(JSON.parse(called.stdout)).toMatchObject({
    status: 'budget_exceeded',
    error: { code: expect.stringContaining('budget') },
  })
})
