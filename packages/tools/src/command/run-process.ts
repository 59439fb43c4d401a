import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { Fault } from '../errors.ts'

/** stdout and stderr together; as much as a step's result may weigh, since it would be refused later anyway. */
export const OUTPUT_BYTES_MAX = 10 * 1024 * 1024

export interface ProcessStart {
  readonly file: string
  /** argv, its own name first. */
  readonly words: readonly [string, ...string[]]
  readonly cwd: string
  readonly environment: NodeJS.ProcessEnv
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface ProcessEnd {
  /** Negative: the number of the signal that ended it, as in Python. */
  readonly returncode: number
  readonly stdout: string
  readonly stderr: string
}

/** Groups that run now. Should this process end first (`process.exit` in somebody's code), they go with it. */
const liveGroups = new Set<number>()
let isWatchingExit = false

/**
 * Runs a program in a process group of its own and leaves nothing of the group behind, however it ends. A child that starts
 * a new session (`setsid`) has left the group and is not found.
 * @returns null when the time ran out
 * @throws {Fault} too much output, or the program cannot be started
 * @throws the signal's reason, when it is aborted
 */
export function runProcess(start: ProcessStart): Promise<ProcessEnd | null> {
  return new Promise((resolve, reject) => {
    start.signal.throwIfAborted()
    const child = spawn(start.file, start.words.slice(1), {
      argv0: start.words[0],
      cwd: start.cwd,
      env: start.environment,
      detached: true, // a group of its own, so that one kill reaches its children too
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    let byteCount = 0
    let cutShort: 'timeout' | 'abort' | 'size' | null = null
    let startError: Error | null = null

    const stop = (why: 'timeout' | 'abort' | 'size') => {
      cutShort ??= why
      killGroup(child.pid)
      // Whoever left the group may still hold the pipes; nobody waits for that.
      child.stdout.destroy()
      child.stderr.destroy()
    }
    const onAbort = () => stop('abort')
    const timer = setTimeout(() => stop('timeout'), start.timeoutMs)
    start.signal.addEventListener('abort', onAbort, { once: true })
    if (child.pid !== undefined) remember(child.pid)

    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      byteCount += chunk.length
      if (byteCount > OUTPUT_BYTES_MAX) stop('size')
      else into.push(chunk)
    }
    child.stdout.on('data', collect(stdout))
    child.stderr.on('data', collect(stderr))
    child.on('error', (error) => (startError = error))
    child.on('close', (code, signalName) => {
      clearTimeout(timer)
      start.signal.removeEventListener('abort', onAbort)
      killGroup(child.pid) // what it left running in the background
      if (child.pid !== undefined) liveGroups.delete(child.pid)
      if (startError !== null) return reject(startError)
      if (cutShort === 'abort') return reject(start.signal.reason)
      if (cutShort === 'timeout') return resolve(null)
      if (cutShort === 'size')
        return reject(new Fault(`output exceeds the limit of ${OUTPUT_BYTES_MAX} bytes`, { retryable: false }))
      const returncode = signalName === null ? (code ?? 0) : -constants.signals[signalName]
      resolve({ returncode, stdout: text(stdout), stderr: text(stderr) })
    })
  })
}

function text(chunks: Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody of the group is left.
  }
}

function remember(pid: number): void {
  liveGroups.add(pid)
  if (isWatchingExit) return
  isWatchingExit = true
  process.once('exit', () => liveGroups.forEach(killGroup))
}
