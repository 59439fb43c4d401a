import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { redisUrl } from '@agentloom/testing'
import type { WorkerFlags } from './settings/worker-settings.ts'

const HANDLERS = new URL('./handlers.fixture.ts', import.meta.url).pathname
const PROGRAM = new URL('./run-worker.fixture.ts', import.meta.url).pathname

export type LogLine = Readonly<Record<string, unknown>>

export interface WorkerProcess {
  readonly child: ChildProcess
  /** Lines so far. */
  readonly log: LogLine[]
  /** The first line with this message, of the past or the future. */
  said(message: string): Promise<LogLine>
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>
}

/** A real worker process on the shared Redis. Killed with the test, whatever happens. */
export function startWorkerProcess(
  prefix: string,
  flags: WorkerFlags,
  environment: Record<string, string> = {},
): WorkerProcess {
  const full = {
    flags: { redis: redisUrl(), functions: [HANDLERS], ...flags },
    environment: { AGENTLOOM_PREFIX: prefix, ...environment },
  }
  const child = spawn(process.execPath, ['--conditions=agentloom-source', PROGRAM, JSON.stringify(full)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const log: LogLine[] = []
  const waiting: { message: string; resolve(line: LogLine): void }[] = []
  createInterface({ input: child.stderr }).on('line', (text) => {
    const line: LogLine = text.startsWith('{') ? JSON.parse(text) : { message: text }
    log.push(line)
    for (const wait of waiting) if (line['message'] === wait.message) wait.resolve(line)
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  return {
    child,
    log,
    ended,
    said(message) {
      const found = log.find((line) => line['message'] === message)
      if (found !== undefined) return Promise.resolve(found)
      return new Promise((resolve, reject) => {
        waiting.push({ message, resolve })
        void ended.then(() =>
          reject(new Error(`it ended without saying "${message}": ${JSON.stringify(log.slice(-5))}`)),
        )
      })
    },
  }
}
