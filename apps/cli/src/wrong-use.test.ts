import { expect, test } from 'vitest'
import { call, folderWith } from './io/fake-io.fixture.ts'
import { ANSWERS, ASK, ECHO } from './workflows.fixture.ts'

const files = {
  'echo.yaml': ECHO,
  'ask.yaml': ASK,
  'list.json': '[1]',
  'twice.json': '{"a": 1, "a": 2}',
  'empty.json': ' ',
  'broken.json': '{',
  'latin.json': Buffer.from([0x7b, 0xe9, 0x7d]).toString('latin1'),
}

// Each: arguments, exit code, what stderr says. Section H of the bad-input catalogue, and what it asks of every command.
test.each([
  ['run echo.yaml --budge=1', 2, 'No such option: --budge. Did you mean --budget?'],
  ['run echo.yaml --Json', 2, 'No such option: --Json. Did you mean --json?'],
  ['run echo.yaml -js', 2, 'No such option: -js.'],
  ['run echo.yaml --no-json', 2, 'No such option: --no-json. Did you mean --json?'],
  ['run echo.yaml --budget 1 --budget 2', 2, "Option '--budget' is given twice."],
  ['run echo.yaml --id a --id b', 2, "Option '--id' is given twice."],
  ['run echo.yaml --state foo', 1, "Invalid state format 'foo'. Use key=value."],
  ['run echo.yaml --state=', 1, "Invalid state format ''. Use key=value."],
  ['run echo.yaml --state =v', 1, "Invalid state format '=v'. Use key=value."],
  ['run echo.yaml -s=k=v', 1, "Invalid state format '=k=v'. Use key=value."],
  ['run echo.yaml --budget -1', 2, "Invalid value for '--budget': '-1' must be 0 or more."],
  ['run echo.yaml --budget=-1', 2, "Invalid value for '--budget': '-1' must be 0 or more."],
  ['run echo.yaml --budget abc', 2, "Invalid value for '--budget': 'abc' is not a plain decimal"],
  ['run echo.yaml --budget NaN', 2, 'is not a plain decimal'],
  ['run echo.yaml --budget 1e999', 2, 'is not a plain decimal'],
  ['run echo.yaml --budget 0x10', 2, 'is not a plain decimal'],
  ['run echo.yaml --budget=', 2, 'is not a plain decimal'],
  ['run echo.yaml --budget 1,5', 2, 'is not a plain decimal'],
  ['run echo.yaml --budget', 2, "Option '--budget' requires an argument."],
  ['run echo.yaml --state __proto__=x', 1, 'the state key __proto__ is not allowed'],
  ['run echo.yaml --state constructor=x', 1, 'the state key constructor is not allowed'],
  ['run echo.yaml --state k:={"a":1,"a":2}', 1, "column 8: the key 'a' is given twice"],
  ['run echo.yaml --state k:={bad', 1, 'column 2: the value is not JSON'],
  ['run echo.yaml --state-file list.json', 1, 'it holds no JSON object'],
  ['run echo.yaml --state-file twice.json', 1, "the key 'a' is given twice"],
  ['run echo.yaml --state-file empty.json', 1, 'it is empty'],
  ['run echo.yaml --state-file broken.json', 1, 'it is not JSON'],
  ['run echo.yaml --state-file nothing.json', 1, 'there is no such file (ENOENT)'],
  ['run echo.yaml --state-file .', 1, 'it is a directory (EISDIR)'],
  ['run echo.yaml --state-file -', 1, 'it is empty'],
  ['run echo.yaml --json=xml', 2, "Invalid value for '--json'"],
  ['run echo.yaml --id a/b', 2, "Invalid run id 'a/b'"],
  ['run echo.yaml --id=', 2, "Invalid value for '--id': it is empty."],
  ['run echo.yaml --detach', 2, "Invalid value for '--detach': it needs a Redis"],
  ['run echo.yaml --functions nothing.ts', 1, 'nothing.ts cannot be loaded'],
  ['run echo.yaml --functions echo.yaml', 1, 'function/module'],
  ['run echo.yaml --mock-responses nothing.json', 1, 'there is no such file (ENOENT)'],
  ['run echo.yaml --mock-responses list.json', 2, 'holds no JSON object'],
  ['run echo.yaml --checkpoint-dir .agentloom/checkpoints', 2, "holds agentloom's own checkpoints"],
  ['run echo.yaml --redis http://localhost', 1, 'config/redis-url'],
  ['run echo.yaml --redis redis://127.0.0.1:1 --functions a.ts', 2, 'executed by workers'],
  ['run echo.yaml --env-file nothing', 2, "Invalid value for '--env-file': Path 'nothing' does not exist."],
  ['run echo.yaml extra', 2, 'Got more arguments than expected.'],
  ['run ask.yaml', 1, 'set OPENAI_API_KEY'],
  ['run nothing.yaml', 2, "Invalid value for 'WORKFLOW_PATH': Path 'nothing.yaml' does not exist."],
  ['run \ufffd.yaml', 2, 'its name is not UTF-8'],
  ['run', 2, "Missing argument 'WORKFLOW_PATH'."],
  ['run .', 1, 'it is a directory (EISDIR)'],
  ['validate nothing.yaml', 2, 'does not exist'],
  ['valdiate echo.yaml', 2, "No such command 'valdiate'. Did you mean validate?"],
  ['runs --limit 0', 2, "Invalid value for '--limit': '0' is not between 1 and 10000."],
  ['runs --limit 1e3', 2, "'1e3' is not a whole number."],
  ['runs --status done', 2, "'done' is none of queued"],
  ['recover', 2, 'Name the Redis'],
  ['recover --redis redis://127.0.0.1:1 --from nothing', 2, "'--from': Path 'nothing' does not exist."],
  ['resume', 2, "Missing argument 'RUN_ID', or --status"],
  ['resume nobody', 1, 'there is no run nobody'],
  ['resume ../../etc/passwd', 2, "Invalid run id '../../etc/passwd'"],
  ['show nobody', 1, 'there is no run nobody'],
  ['cancel nobody', 1, 'there is no run nobody'],
  ['pause nobody', 1, 'there is no run nobody'],
  ['server --port 70000', 2, '--port: must be'],
  ['server --port 80a', 2, '--port: must be'],
  ['worker --concurrency 0', 2, '--concurrency: must be 1 or more'],
  ['worker', 1, 'config/no-redis'],
])('%s', async (line, code, says) => {
  const cwd = folderWith(files)
  const called = await call(line.split(' '), { cwd })
  expect(called.stderr).toContain(says)
  expect(called).toMatchObject({ code, stdout: '' })
  if (code === 2)
    expect(called.stderr).toMatch(/^Usage: agentloom .*\nTry 'agentloom .*--help' for help\.\n\nError: .*\n$/)
  expect(called.stderr).not.toMatch(/\n\s+at /)
})

test('nothing is written where the command line was wrong', async () => {
  const { existsSync } = await import('node:fs')
  const cwd = folderWith(files)
  await call(['run', 'echo.yaml', '--budget', 'x'], { cwd })
  await call(['show', 'nobody'], { cwd })
  await call(['runs'], { cwd })
  await call(['run', 'ask.yaml'], { cwd })
  expect(existsSync(`${cwd}/.agentloom`)).toBe(false)
})

test.each([
  ['AGENTLOOM_MAX_CONCURRENT_STEPS', '5s'],
  ['AGENTLOOM_CHECKPOINT', 'maybe'],
  ['AGENTLOOM_PREFIX', '../x'],
])('%s=%s is named in the error', async (name, value) => {
  const called = await call(['runs'], { env: { [name]: value } })
  expect(called).toMatchObject({ code: 1, stdout: '' })
  expect(called.stderr).toContain(`the variable ${name} can't be '${value}'`)
})

test('with --json an error is a document, too', async () => {
  const called = await call(['run', 'ask.yaml', '--json'], { cwd: folderWith(files) })
  expect(JSON.parse(called.stdout)).toMatchObject({
    error: { code: 'provider/none', place: 'steps.ask', help: expect.stringContaining('OPENAI_API_KEY') },
  })
})

test('answers that lie beside the workflow file are proposed as a command, where no provider serves its models', async () => {
  const cwd = folderWith({ 'ask.yaml': ASK, 'recorded.json': ANSWERS })
  const called = await call(['run', './ask.yaml'], { cwd })
  expect(called.stderr).toContain('agentloom run ./ask.yaml --mock-responses recorded.json')
  expect(await call(['run', './ask.yaml', '--mock-responses', 'recorded.json'], { cwd })).toMatchObject({ code: 0 })
})

test('recorded answers serve a sub-workflow in another file, too', async () => {
  const parent = 'name: parent\nsteps:\n  - {id: below, type: subworkflow, workflow_path: ask.yaml}\n'
  const cwd = folderWith({ 'ask.yaml': ASK, 'recorded.json': ANSWERS, 'parent.yaml': parent })
  expect(await call(['run', 'parent.yaml', '--mock-responses', 'recorded.json'], { cwd })).toMatchObject({ code: 0 })
})

test('an unknown time zone is told, and nothing else changes', async () => {
  const called = await call(['runs'], { env: { TZ: 'Nonsense/Zone' } })
  expect(called).toMatchObject({ code: 0, stdout: 'No runs found.\n' })
  expect(called.stderr).toContain('config/time-zone')
})

test('without arguments there is the help text', async () => {
  const [bare, asked] = [await call([]), await call(['--help'])]
  expect(bare.stdout).toBe(asked.stdout)
  expect(bare).toMatchObject({ code: 0, stderr: '' })
})

test.each([
  'run',
  'start',
  'validate',
  'visualize',
  'schema',
  'resume',
  'runs',
  'show',
  'pause',
  'cancel',
  'info',
  'worker',
  'server',
])('%s --help shows examples and exit codes', async (name) => {
  const { code, stdout, stderr } = await call([name, '--help'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(new RegExp(`^Usage: agentloom ${name} [^]*\\nExamples:\\n  [^]*\\nExit codes:\\n  \\d`))
})
