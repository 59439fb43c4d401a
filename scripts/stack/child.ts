import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a child gets to end by itself; a worker's own grace is shorter. */
const STOP_MAX_MS = 20_000

export interface Child {
  readonly name: string
  /** How it ended; null means by a signal that it did not catch. */
  readonly ended: Promise<number | null>
  /** SIGTERM, SIGKILL after 20 s. @returns the exit code */
  stop(): Promise<number | null>
  kill(): void
}

/**
 * Starts a part of the stack, with its name before each of its lines. In a process group of its own: Ctrl-C is for the
 * stack, which then stops its parts in order.
 */
export function startChild(
  name: string,
  command: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Child {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
    detached: true,
  })
  print(name, child)
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      console.log(`${label(name)} cannot be started: ${error.message}`)
      resolve(1)
    })
    child.once('exit', (code) => resolve(code))
  })
  return {
    name,
    ended,
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS)
      const code = await ended
      clearTimeout(timer)
      return code
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

function print(name: string, { stdout, stderr }: ChildProcess): void {
  for (const stream of [stdout, stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => console.log(`${label(name)} ${line}`))
  }
}

function label(name: string): string {
  return `${name.padEnd(8)} |`
}

const TRY_EVERY_MS = 50

/** Tries until it holds. @throws {Error} it did not within `maxMs`, or `gone` resolved first */
export async function until(
  what: string,
  maxMs: number,
  holds: () => Promise<boolean>,
  gone: Promise<unknown>,
): Promise<void> {
  const giveUp = AbortSignal.timeout(maxMs)
  let isGone = false
  void gone.then(() => (isGone = true))
  while (!(await holds().catch(() => false))) {
    if (isGone) throw new Error(`${what}: the process has ended`)
    if (giveUp.aborted) throw new Error(`${what}: not within ${maxMs / 1_000} s`)
    await sleep(TRY_EVERY_MS)
  }
}

/** A port that is free right now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}
