import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Pinning, Role } from '../machine/pinning.ts'
import type { Task } from './task.ts'

/** The slowest row needs some 20 s on an idle machine; more than this is a hang. */
const CHILD_MS_MAX = 120_000

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))

export interface Where {
  readonly pinning: Pinning
  readonly role: Role
  /** Folder for a CPU profile, or null. */
  readonly profile: string | null
}

/** Runs a task in a process of its own, on its CPUs, and answers what it said. @throws {Error} it failed or hung */
export async function runChild(task: Task, { pinning, role, profile }: Where): Promise<unknown> {
  const node = [
    process.execPath,
    '--conditions=agentloom-source',
    ...(profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
    CHILD,
    JSON.stringify(task),
  ]
  const [command = '', ...args] = pinning.commandFor(role, node)
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: CHILD_MS_MAX,
    killSignal: 'SIGKILL',
  })
  const [said, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0)
    throw new Error(`${task.kind === 'chain' ? task.load : task.kind}: the process ended with ${code ?? signal}`)
  return JSON.parse(said)
}
