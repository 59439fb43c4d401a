// The machine's own redis-server, as a child of this process.
//
// A child does not die with its parent by itself. So each server gets a watchdog: a shell that holds a pipe from us and
// reads it; the pipe closes when we end, by whatever signal, and the watchdog then kills the server and removes its folder.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type RedisOptions, type Server, serverArguments } from './server.ts'

/** Below the range that systems hand out for outgoing connections, so that a port stays ours between kill and restart. */
const PORT_MIN = 17_000
const PORT_MAX = 30_000
const PORT_TRIES_MAX = 20
const STOP_MAX_MS = 5_000
const SAID_BYTES_MAX = 8_192

export function hasLocalServer(): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, 'redis-server'), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export async function startLocal(options: RedisOptions): Promise<Server> {
  const ownDir = options.dir === undefined ? await mkdtemp(join(tmpdir(), 'agentloom-redis-')) : null
  const dir = options.dir ?? ownDir ?? ''
  for (let tries = 1; ; tries++) {
    const port = options.port ?? randomInt(PORT_MIN, PORT_MAX)
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...serverArguments(options)]
    const running = spawnServer(args, ownDir)
    const said = await running.opened
    if (said === null) return localServer(running, port, args, ownDir)
    const isPortTaken = said.includes('Address already in use')
    if (isPortTaken && options.port === undefined && tries < PORT_TRIES_MAX) continue
    if (ownDir !== null) await rm(ownDir, { recursive: true, force: true })
    throw new Error(`redis-server ended at once: ${said.trim()}`)
  }
}

interface Running {
  readonly child: ChildProcess
  readonly watchdog: ChildProcess
  /** Null once it listens, or what it said when it ended instead. */
  readonly opened: Promise<string | null>
}

function spawnServer(args: readonly string[], ownDir: string | null): Running {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const cleanUp = 'cat > /dev/null; kill -9 "$1" 2> /dev/null; if [ -n "$2" ]; then rm -rf "$2"; fi'
  const watchdog = spawn('sh', ['-c', cleanUp, 'watchdog', String(child.pid), ownDir ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const opened = new Promise<string | null>((resolve) => {
    let said = ''
    const listen = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-SAID_BYTES_MAX)
      if (/Ready to accept connections|Server initialized/.test(said)) resolve(null)
    }
    child.stdout?.on('data', listen)
    child.stderr?.on('data', listen)
    child.on('error', (error) => resolve(error.message))
    child.on('close', () => {
      watchdog.kill('SIGKILL')
      resolve(said)
    })
  })
  return { child, watchdog, opened: opened.finally(() => letGo(child, watchdog)) }
}

/** A running server keeps no process from ending; when that ends, the watchdog does the rest. */
function letGo(child: ChildProcess, watchdog: ChildProcess): void {
  for (const part of [child, watchdog, child.stdout, child.stderr, watchdog.stdin]) {
    if (part !== null && 'unref' in part && typeof part.unref === 'function') part.unref()
  }
}

function localServer(first: Running, port: number, args: readonly string[], ownDir: string | null): Server {
  let running: Running | null = first
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    const ending = running
    running = null
    if (ending === null) return
    const { child } = ending
    if (child.exitCode !== null || child.signalCode !== null) return
    child.ref()
    const exited = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS)
    await exited
    clearTimeout(timer)
  }
  return {
    port,
    host: '127.0.0.1',
    pid: () => running?.child.pid ?? null,
    kill9: () => end('SIGKILL'),
    async start() {
      running = spawnServer(args, ownDir)
      const said = await running.opened
      if (said !== null) throw new Error(`redis-server did not start again: ${said.trim()}`)
    },
    async stop() {
      await end('SIGTERM')
      if (ownDir !== null) await rm(ownDir, { recursive: true, force: true })
    },
  }
}
