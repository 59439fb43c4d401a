import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { folderWith } from './io/fake-io.fixture.ts'
import { ECHO, ENDLESS } from './workflows.fixture.ts'

// What only a real process shows: signals, pipes, full devices. One call costs half a second, so there are few.

const MAIN = join(import.meta.dirname, 'main.ts')
const LAUNCHER = join(import.meta.dirname, '..', '..', '..', 'scripts', 'agentloom.mjs')
const FLAGS = ['--conditions=agentloom-source', '--disable-warning=ExperimentalWarning']

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

interface StartOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  /** Of stdout; default a pipe. */
  readonly stdout?: number
  /** The first line of the command; default Node with the command line. */
  readonly program?: readonly string[]
}

class Running {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  #stdout = ''
  #stderr = ''
  #waiting: (() => void) | null = null

  constructor(
    args: readonly string[],
    { cwd, env = {}, stdout, program = [process.execPath, ...FLAGS, MAIN] }: StartOptions,
  ) {
    const [command = '', ...rest] = [...program, ...args]
    const { PATH } = process.env
    this.process = spawn(command, rest, {
      cwd,
      env: { PATH, OLLAMA_BASE_URL: 'http://127.0.0.1:1', ...env },
      stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
    })
    onTestFinished(() => void this.process.kill('SIGKILL'))
    this.process.stdout?.on('data', (data: Buffer) => {
      this.#stdout += data.toString()
      this.#waiting?.()
    })
    this.process.stderr?.on('data', (data: Buffer) => (this.#stderr += data.toString()))
    this.ended = new Promise((resolve) => {
      this.process.on('close', (code, signal) => resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr }))
    })
  }

  /** Resolves when the text is on stdout. */
  async shows(text: string): Promise<void> {
    while (!this.#stdout.includes(text)) await new Promise<void>((resolve) => (this.#waiting = resolve))
  }
}

test('SIGINT pauses at once though a step sleeps, and resume goes on', async () => {
  const cwd = folderWith({ 'endless.yaml': ENDLESS })
  const run = new Running(['run', 'endless.yaml', '--id', 'mine'], { cwd })
  await run.shows('✓ first')
  run.process.kill('SIGINT')
  expect(await run.ended).toMatchObject({
    code: 130,
    signal: null,
    stderr: '',
    stdout: expect.stringContaining('paused in'),
  })
  const resumed = new Running(['resume', 'mine'], { cwd })
  await resumed.shows('1 step kept, 2 to go')
  resumed.process.kill('SIGTERM')
  const { code } = await resumed.ended
  expect(code).toBe(143)
})

test('a run of another process can be paused from outside', async () => {
  const cwd = folderWith({ 'endless.yaml': ENDLESS })
  const run = new Running(['run', 'endless.yaml', '--id', 'mine', '--json'], { cwd, env: {} })
  const pause = async (): Promise<Ended> => {
    const ended = await new Running(['pause', 'mine'], { cwd }).ended
    return ended.code === 0 ? ended : pause() // not on disk yet
  }
  expect((await pause()).stdout).toBe('run mine is paused\n')
  const { code, stdout } = await run.ended
  expect(JSON.parse(stdout)).toMatchObject({ status: 'paused' })
  expect(code).toBe(0)
})

test('a killed run is resumed behind its last committed step', async () => {
  const cwd = folderWith({ 'endless.yaml': ENDLESS })
  const run = new Running(['run', 'endless.yaml', '--id', 'mine'], { cwd })
  await run.shows('✓ first')
  run.process.kill('SIGKILL')
  await run.ended
  const resumed = new Running(['resume', 'mine'], { cwd })
  await resumed.shows('1 step kept, 2 to go')
  resumed.process.kill('SIGINT')
  expect((await resumed.ended).stdout).not.toContain('✓ first')
})

test('a reader that goes away stops nothing, and changes no exit code', async () => {
  const cwd = folderWith({ 'echo.yaml': ECHO })
  const run = new Running(['run', 'echo.yaml', '--id', 'mine'], { cwd })
  run.process.stdout?.destroy()
  expect(await run.ended).toMatchObject({ code: 0, stderr: '' })
  const shown = await new Running(['show', 'mine', '--json'], { cwd }).ended
  expect(JSON.parse(shown.stdout)).toMatchObject({ status: 'success' })
})

test('a result that cannot be written is told, with how to fetch it', async () => {
  const cwd = folderWith({ 'echo.yaml': ECHO })
  const full = openSync('/dev/full', 'w')
  const { code, stderr } = await new Running(['run', 'echo.yaml', '--id', 'mine', '--json'], { cwd, stdout: full })
    .ended
  closeSync(full)
  expect(code).toBe(1)
  expect(stderr).toContain('ENOSPC')
  expect(stderr).toContain('agentloom show mine --json')
})

test('a megabyte of result arrives whole through a slow pipe', async () => {
  const big = `name: big\nsteps: [{id: a, type: tool, tool_name: shell_command, tool_args: {command: "head -c 1000000 /dev/zero | tr '\\\\0' x"}}]\n`
  const cwd = folderWith({ 'big.yaml': big })
  const run = new Running(['run', 'big.yaml', '--json'], { cwd })
  run.process.stdout?.pause()
  setTimeout(() => run.process.stdout?.resume(), 1_000)
  const document = JSON.parse((await run.ended).stdout) as { steps: { a: { output: { stdout: string } } } }
  expect(document.steps.a.output.stdout).toHaveLength(1_000_000)
})

test('a working directory that is gone is told in one line', async () => {
  const program = ['/bin/sh', '-c', 'rmdir "$PWD" && exec "$@"', 'sh', process.execPath, ...FLAGS, MAIN]
  const { code, stderr } = await new Running(['runs'], { cwd: folderWith(), program }).ended
  expect(stderr).toContain('config/working-directory')
  expect(code).toBe(1)
})

test('the launcher hands arguments, output and exit code through', async () => {
  const { code, stdout, stderr } = await new Running(['runs', '--jsn'], {
    cwd: folderWith(),
    program: [process.execPath, LAUNCHER],
  }).ended
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('Did you mean --json?')
})

test('output is the same in every locale and zone, and functions that leave timers behind keep nobody waiting', async () => {
  const module = `setInterval(() => {}, 1_000)
export const f = { kind: 'agentloom.function', name: 'f', version: null, output: null, input: { safeParse: (data) => ({ success: true, data }) }, run: () => 1.5 }`
  const cwd = folderWith({ 'f.mjs': module, 'f.yaml': 'name: f\nsteps: [{id: a, type: function, handler: f}]\n' })
  const env = { LC_ALL: 'tr_TR.UTF-8', TZ: 'Asia/Tokyo', HOME: '' }
  const ended = await new Running(['run', 'f.yaml', '--functions', 'f.mjs', '--id', 'mine'], { cwd, env }).ended
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  expect(ended.stdout).toMatch(/ ✓ a +\d+ ms   1\.5\nsuccess in \d+ ms\n/)
})

test('what a function prints does not get into the JSON', async () => {
  const printing = `{ kind: 'agentloom.function', name: 'print', version: null, output: null,
    input: { safeParse: (data) => ({ success: true, data }) },
    run() { console.log('chatter'); return 'done' } }`
  const cwd = folderWith({
    'w.yaml': 'name: w\nsteps: [{id: a, type: function, handler: print, input: {}, output: said}]\n',
    'functions.mjs': `export const print = ${printing}`,
  })
  const run = new Running(['run', 'w.yaml', '--functions', 'functions.mjs', '--json'], { cwd })
  const { stdout, stderr } = await run.ended
  expect(JSON.parse(stdout)).toMatchObject({ status: 'success', state: { said: 'done' } })
  expect(stderr).toContain('chatter')
})
