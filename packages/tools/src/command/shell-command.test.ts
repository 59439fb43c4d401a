import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startedRun, type StartedRun } from '../run-folder.fixture.ts'
import { OUTPUT_BYTES_MAX } from './run-process.ts'

const violation = (message: RegExp) =>
  expect.objectContaining({ code: 'sandbox/violation', retryable: false, message: expect.stringMatching(message) })
const printed = (stdout: string) => ({ returncode: 0, stdout, stderr: '' })
const shell = (run: StartedRun, command: string, args = {}, signal?: AbortSignal) =>
  run.call('shell_command', { command, ...args }, signal)

afterEach(() => vi.unstubAllEnvs())

/** SIGKILL was sent before the answer came; dying takes a moment more. */
const expectDead = (pid: string) => vi.waitFor(async () => expect(await isDead(pid)).toBe(true), { interval: 5 })

/** The process is gone, or dead and only not collected by its new parent. */
async function isDead(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return stat === null || /\) [ZX] /.test(stat)
}

/** Content of a file that a command writes when it got so far. */
async function whenWritten(path: string): Promise<string> {
  return vi.waitFor(
    async () => {
      const text = await readFile(path, 'utf8')
      if (!text.endsWith('\n')) throw new Error('not yet')
      return text.trim()
    },
    { timeout: 10_000, interval: 5 },
  )
}

describe('with the sandbox off, sh decides', () => {
  test.each([
    ['echo hello', 'hello\n'],
    ['wc -l < data/prices.csv', '2\n'],
    ['sort -r data/prices.csv | head -1', 'tea,3\n'],
    ['false || echo rescued', 'rescued\n'],
    [String.raw`printf 'a\377b'`, 'a\ufffdb'],
    ['', ''],
  ])('%j', async (command, stdout) => {
    await using run = await startedRun({ files: { 'data/prices.csv': 'tea,3\ncoffee,4\n' } })
    expect(await shell(run, command)).toEqual(printed(stdout))
  })

  test('a code that is not 0, and death by a signal, are answers', async () => {
    await using run = await startedRun()
    expect(await shell(run, 'echo careful >&2; exit 3')).toEqual({ returncode: 3, stdout: '', stderr: 'careful\n' })
    expect(await shell(run, 'kill -9 $$')).toMatchObject({ returncode: -9 })
    expect(await shell(run, 'nosuchprogram')).toMatchObject({ returncode: 127 })
  })

  test('it runs in cwd, with an empty stdin and the whole environment', async () => {
    vi.stubEnv('SOME_API_KEY', 'k1')
    await using run = await startedRun({ files: { 'notes/todo': 'call Jo' } })
    expect(await shell(run, 'cat todo - ; echo " $SOME_API_KEY"', { cwd: 'notes' })).toEqual(printed('call Jo k1\n'))
  })

  test.each([
    [{ cwd: 'no/such' }, "[Errno 2] No such file or directory: 'no/such'"],
    [{ cwd: 'file' }, "[Errno 20] Not a directory: 'file'"],
    [{ command: 5 }, "argument 'command' must be text, not int"],
    [{ command: 'a\0b' }, 'embedded null byte'],
    [{ timeout: 0 }, "argument 'timeout' must be a number of seconds above 0"],
    [{ timeout: '5' }, "argument 'timeout' must be a number of seconds above 0"],
  ])('%j is refused', async (args, cause) => {
    await using run = await startedRun({ files: { file: '' } })
    await expect(shell(run, 'echo hi', args)).rejects.toThrow(`Tool 'shell_command' failed: ${cause}`)
  })

  test('a missing command is named', async () => {
    await using run = await startedRun()
    await expect(run.call('shell_command', { cwd: '.' })).rejects.toThrow("Tool 'shell_command' failed: 'command'")
  })
})

describe('nothing outlives its time', () => {
  const FAMILY = '(sleep 1000 & echo $! > grandchild; wait) & echo $$ > child; wait'

  test('when the time is up the whole group is killed', async () => {
    await using run = await startedRun()
    expect(await shell(run, FAMILY, { timeout: 0.5 })).toEqual({
      returncode: -1,
      stdout: '',
      stderr: 'Command timed out',
    })
    await expectDead(await whenWritten(join(run.folder, 'child')))
    await expectDead(await whenWritten(join(run.folder, 'grandchild')))
  })

  test('when the step is ended the whole group is killed', async () => {
    await using run = await startedRun()
    const step = new AbortController()
    const ended = shell(run, FAMILY, {}, step.signal)
    const grandchild = await whenWritten(join(run.folder, 'grandchild'))
    expect(await isDead(grandchild)).toBe(false)
    const reason = new Error('cancelled')
    step.abort(reason)
    await expect(ended).rejects.toBe(reason)
    await expectDead(grandchild)
  })

  test('what a command leaves in the background ends with it', async () => {
    await using run = await startedRun()
    expect(await shell(run, 'sleep 1000 > /dev/null 2>&1 & echo $! > left; echo done')).toEqual(printed('done\n'))
    await expectDead(await whenWritten(join(run.folder, 'left')))
  })

  test('a child that left the group and holds the pipes delays nothing', async () => {
    await using run = await startedRun()
    const answer = await shell(run, 'setsid sleep 1000 & echo $! > away; wait', { timeout: 0.2 })
    expect(answer).toMatchObject({ returncode: -1 })
    process.kill(Number(await whenWritten(join(run.folder, 'away'))))
  })

  test.each([undefined, { allowedCommands: ['yes'], allowedPaths: ['.'] }])(
    'endless output is cut off (sandbox %j)',
    async (sandbox) => {
      await using run = await startedRun(sandbox === undefined ? {} : { sandbox })
      await expect(shell(run, 'yes')).rejects.toEqual(
        expect.objectContaining({
          message: `Tool 'shell_command' failed: output exceeds the limit of ${OUTPUT_BYTES_MAX} bytes`,
          retryable: false,
        }),
      )
    },
  )
})

describe('with the sandbox on, words are executed and no shell', () => {
  const files = { 'data/prices.csv': 'tea\n', 'notes/todo': 'call Jo\n' }
  const guarded = (allowedCommands: string[], allowedPaths = ['.']) => ({
    files,
    sandbox: { allowedCommands, allowedPaths },
  })

  test('it is closed unless something is opened', async () => {
    await using run = await startedRun({ sandbox: {} })
    await expect(shell(run, 'echo hi')).rejects.toEqual(
      violation(
        /^Sandbox violation \(shell_command\): Path '.*' not within allowed readable directories. Allowed: \(none\)$/,
      ),
    )
  })

  test('listed commands run, by name or by their own path', async () => {
    await using run = await startedRun(guarded(['echo']))
    expect(await shell(run, 'echo fine')).toEqual(printed('fine\n'))
    expect(await shell(run, '/bin/echo fine')).toEqual(printed('fine\n'))
    expect(await shell(run, '')).toEqual(printed(''))
  })

  test.each(['ls', 'echox hi', 'VAR=1 echo', 'Echo hi'])('%j is not listed', async (command) => {
    await using run = await startedRun(guarded(['echo', 'cat']))
    await expect(shell(run, command)).rejects.toEqual(
      violation(/: Command '\S+' not in allowlist. Allowed: \['cat', 'echo'\]$/),
    )
  })

  test('another file of a listed name is not the command', async () => {
    await using run = await startedRun(guarded(['echo']))
    await mkdir(join(run.folder, 'evil'))
    await writeFile(join(run.folder, 'evil/echo'), '#!/bin/sh\ntouch hacked\n')
    await chmod(join(run.folder, 'evil/echo'), 0o755)
    await copyFile('/bin/ls', join(run.folder, 'echo'))
    for (const command of ['./evil/echo', `${run.folder}/evil/echo`, './echo'])
      await expect(shell(run, command)).rejects.toEqual(violation(/is not the 'echo' on PATH/))
    expect(existsSync(join(run.folder, 'hacked'))).toBe(false)
  })

  test('relative folders on PATH are nobody’s choice', async () => {
    await using run = await startedRun(guarded(['mytool']))
    vi.stubEnv('PATH', `${relative(process.cwd(), run.folder)}:.::${process.env['PATH']}`)
    await writeFile(join(run.folder, 'mytool'), '#!/bin/sh\necho mine\n')
    await chmod(join(run.folder, 'mytool'), 0o755)
    expect(await shell(run, 'mytool')).toEqual({
      returncode: 127,
      stdout: '',
      stderr: '/bin/sh: 1: mytool: not found\n',
    })
  })

  test('programs that run anything need an opt-in of their own, whatever they are called', async () => {
    await using run = await startedRun({
      sandbox: { allowedCommands: ['sh', 'bash', 'env'], allowedPaths: ['.'], dangerOptIn: ['SH'] },
    })
    expect(await shell(run, "sh -c 'echo opted-in'")).toEqual(printed('opted-in\n'))
    await expect(shell(run, "bash -c 'echo hi'")).rejects.toEqual(violation(/Executable 'bash' can run arbitrary code/))
    await expect(shell(run, 'env')).rejects.toEqual(violation(/Executable 'env'/))
  })

  test('a link on PATH does not hide what a program is', async () => {
    await using run = await startedRun(guarded(['innocent', 'python3.11']))
    const bin = join(run.outer, 'bin')
    await mkdir(bin)
    await symlink('/bin/sh', join(bin, 'innocent'))
    vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`)
    await expect(shell(run, 'innocent')).rejects.toEqual(violation(/can run arbitrary code/))
    await expect(shell(run, 'python3.11 -V')).rejects.toEqual(violation(/can run arbitrary code/))
  })

  test('nothing is expanded but variables of a small environment without keys', async () => {
    vi.stubEnv('SOME_API_KEY', 'k1')
    await using run = await startedRun({
      files,
      sandbox: { allowedCommands: ['echo', 'printenv', 'env'], allowedPaths: ['.'], dangerOptIn: ['env'] },
    })
    expect(await shell(run, 'echo $HOME_X')).toEqual(printed('\n'))
    expect(await shell(run, 'echo * ~ $SOME_API_KEY "$HOME"')).toEqual(printed(`* ~ ${run.folder}\n`))
    expect(await shell(run, 'env')).toEqual(printed(expect.not.stringContaining('k1')))
  })

  test.each([
    ['cat prices.csv', 'data'],
    ['cat ./prices.csv', 'data'],
    ['cat ../data/prices.csv', 'data'],
  ])('%j in %s stays inside', async (command, cwd) => {
    await using run = await startedRun(guarded(['cat'], ['data']))
    expect(await shell(run, command, { cwd })).toEqual(printed('tea\n'))
  })

  test.each([
    'cat /etc/hostname',
    'cat ../notes/todo',
    'ls ..',
    'ls --ignore=/etc/x',
    'tee -o/etc/passwd',
    'tar -xzf/etc/passwd',
    'cat link',
    'cat -- link',
    'dd if=link',
    'curl @/etc/passwd',
    'curl file:/etc/passwd',
    'cat $HOME/notes/todo',
    'cat "$HOME"',
  ])('%j reaches outside', async (command) => {
    await using run = await startedRun(guarded(['cat', 'ls', 'tee', 'tar', 'dd', 'curl'], ['data']))
    await symlink('../notes/todo', join(run.folder, 'data/link'))
    await expect(shell(run, command, { cwd: 'data' })).rejects.toEqual(
      violation(/Path argument '.*' not within allowed directories$/),
    )
  })

  test('options, words and web addresses that are no paths pass', async () => {
    await using run = await startedRun(guarded(['echo'], ['data']))
    const words = `-n -d, a:b 10:30 https://example.org/x ${'x'.repeat(300)}`
    expect(await shell(run, `echo ${words}`, { cwd: 'data' })).toMatchObject({
      stdout: expect.stringContaining('https://example.org/x'),
    })
  })

  test('reading and writing lists count alike for arguments, reading ones for cwd', async () => {
    await using run = await startedRun({
      files,
      sandbox: { allowedCommands: ['ls'], readablePaths: ['data'], writablePaths: ['notes'] },
    })
    expect(await shell(run, 'ls ../notes', { cwd: 'data' })).toEqual(printed('todo\n'))
    await expect(shell(run, 'ls', { cwd: 'notes' })).rejects.toEqual(violation(/readable directories/))
  })

  test('the time limit holds here too', async () => {
    await using run = await startedRun(guarded(['sleep']))
    expect(await shell(run, 'sleep 1000', { timeout: 0.05 })).toMatchObject({ stderr: 'Command timed out' })
  })
})
