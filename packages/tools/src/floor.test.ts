import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { closedFloor, floorSchema } from './floor.ts'
import { SANDBOX_OFF, startedRun, type StartedRun } from './run-folder.fixture.ts'
import { createToolBox } from './tool-box.ts'

const files = { 'data/a': 'mine' }
const violation = { code: 'sandbox/violation', retryable: false }
const shell = (run: StartedRun, command: string) => run.call('shell_command', { command })
const OPEN = { allowedPaths: ['/'], allowedCommands: ['echo', 'cat', 'sh'], dangerOptIn: ['sh'] }

test('a floor is closed where nothing is said', () => {
  expect(closedFloor()).toEqual({
    allowedCommands: [],
    shell: false,
    dangerOptIn: [],
    readablePaths: [],
    writablePaths: [],
    allowNetwork: true,
    allowedDomains: [],
    allowInternalAddresses: false,
    maxWriteBytes: 10_485_760,
  })
})

test('a mistyped setting and a relative folder are refused', () => {
  expect(() => floorSchema.parse({ allowedCommand: ['ls'] })).toThrow(/allowedCommand/)
  expect(() => floorSchema.parse({ readablePaths: ['data'] })).toThrow(/absolute/)
})

test('JavaScript callers that name no floor get the closed one', async () => {
  const box = createToolBox({} as never)
  const context = {
    signal: new AbortController().signal,
    runId: 'r',
    stepId: 's',
    idempotencyKey: 'k',
    runFolder: '/nowhere',
    sandbox: SANDBOX_OFF,
  }
  await expect(box.call('file_read', { path: '/etc/hostname' }, context)).rejects.toMatchObject(violation)
})

test.each([undefined, OPEN])(
  'a closed worker works in the run’s folder only, whatever the workflow says (%j)',
  async (sandbox) => {
    await using run = await startedRun({ files, floor: {}, ...(sandbox && { sandbox }) })
    expect(await run.call('file_read', { path: 'data/a' })).toBe('mine')
    await run.call('file_write', { path: 'out/b', content: 'x' })
    await writeFile(join(run.outer, 'secret'), 'secret')
    for (const path of ['/etc/hostname', '../secret']) {
      await expect(run.call('file_read', { path })).rejects.toMatchObject(violation)
      await expect(run.call('file_write', { path: `${path}.new`, content: '' })).rejects.toMatchObject(violation)
    }
    expect(existsSync(join(run.outer, 'secret.new'))).toBe(false)
    await expect(shell(run, 'echo hi')).rejects.toThrow("Command 'echo' not in allowlist. Allowed: (none)")
  },
)

test('a workflow’s sandbox narrows an open floor', async () => {
  await using run = await startedRun({
    files,
    floor: { allowedCommands: ['echo', 'ls'], readablePaths: ['/'], writablePaths: ['/'] },
    sandbox: { allowedPaths: ['data'], allowedCommands: ['echo', 'cat'] },
  })
  expect(await run.call('file_read', { path: 'data/a' })).toBe('mine')
  await expect(run.call('file_read', { path: '/etc/hostname' })).rejects.toMatchObject(violation)
  const inData = (command: string) => run.call('shell_command', { command, cwd: 'data' })
  expect(await inData('echo hi')).toMatchObject({ stdout: 'hi\n' })
  await expect(inData('cat a')).rejects.toMatchObject({ ...violation, help: expect.stringContaining('floor') })
  await expect(inData('ls')).rejects.toMatchObject({
    ...violation,
    help: expect.stringContaining('sandbox.allowed_commands'),
  })
})

test('folders that an operator adds', async () => {
  await using run = await startedRun()
  await mkdir(join(run.outer, 'shared'))
  await writeFile(join(run.outer, 'shared/a'), 'ours')
  await using worker = await startedRun({ floor: { readablePaths: [join(run.outer, 'shared')] } })
  expect(await worker.call('file_read', { path: join(run.outer, 'shared/a') })).toBe('ours')
  await expect(worker.call('file_write', { path: join(run.outer, 'shared/a'), content: '' })).rejects.toMatchObject(
    violation,
  )
})

test('listed commands run without a shell and without keys', async () => {
  vi.stubEnv('SOME_API_KEY', 'k1')
  await using run = await startedRun({ files, floor: { allowedCommands: ['cat', 'env'], dangerOptIn: ['env'] } })
  expect(await shell(run, 'cat data/a')).toMatchObject({ stdout: 'mine' })
  expect(JSON.stringify(await shell(run, 'env'))).not.toContain('k1')
  await expect(shell(run, 'cat data/a; id')).rejects.toMatchObject(violation)
  await expect(shell(run, 'cat /etc/hostname')).rejects.toMatchObject(violation)
  vi.unstubAllEnvs()
})

test('a shell is for workflows without a sandbox, and knows no keys', async () => {
  vi.stubEnv('SOME_API_KEY', 'k1')
  await using run = await startedRun({ files, floor: { shell: true } })
  expect(await shell(run, 'cat data/a | tr a-z A-Z; echo "[$SOME_API_KEY]"')).toMatchObject({ stdout: 'MINE[]\n' })
  vi.unstubAllEnvs()
  await using guarded = await startedRun({
    files,
    floor: { shell: true },
    sandbox: { allowedCommands: ['echo'], allowedPaths: ['.'] },
  })
  expect(await shell(guarded, 'echo hi')).toMatchObject({ stdout: 'hi\n' })
  await expect(shell(guarded, 'echo hi | cat')).rejects.toMatchObject(violation)
})

test('an opt-in for a dangerous program must be the operator’s too', async () => {
  await using run = await startedRun({ floor: { allowedCommands: ['sh'] }, sandbox: OPEN })
  await expect(shell(run, "sh -c 'echo hi'")).rejects.toThrow(/can run arbitrary code/)
})

test('the smaller of two write limits counts', async () => {
  await using run = await startedRun({ floor: { maxWriteBytes: 3 }, sandbox: { ...OPEN, maxWriteBytes: 9 } })
  await expect(run.call('file_write', { path: 'a', content: '1234' })).rejects.toThrow(
    'Write size 4 bytes exceeds limit of 3 bytes',
  )
})
