import { mkdir } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { type Child, freePort, startChild, until } from './child.ts'

const ROOT = dirname(dirname(import.meta.dirname))
const PROJECT = join(ROOT, 'examples', 'greeting')
const READY_MAX_MS = 30_000

export interface StackOptions {
  /** For Redis' files and agentloom's own. */
  readonly folder: string
  readonly port: number
  readonly redisPort: number
}

export interface Stack {
  readonly url: string
  /** Resolves with the name of the first part that ends without being asked. */
  readonly broken: Promise<string>
  /** Server, workers, Redis, in this order. @returns exit codes by name */
  stop(): Promise<ReadonlyMap<string, number | null>>
  kill(): void
}

/** The services of docker-compose.yml, on local processes: Redis with an append-only file, two workers, a server. */
export async function startStack({ folder, port, redisPort }: StackOptions): Promise<Stack> {
  const redis = `redis://127.0.0.1:${redisPort}`
  const home = { AGENTLOOM_HOME: join(folder, 'agentloom'), AGENTLOOM_LOG_FORMAT: 'text', AGENTLOOM_REDIS_URL: redis }
  const children: Child[] = []
  let isStopping = false
  const broken = Promise.withResolvers<string>()
  const add = (child: Child): Child => {
    children.unshift(child)
    void child.ended.then(() => {
      if (!isStopping) broken.resolve(child.name)
    })
    return child
  }
  const stop = async (): Promise<ReadonlyMap<string, number | null>> => {
    isStopping = true
    const codes = new Map<string, number | null>()
    for (const child of children) codes.set(child.name, await child.stop())
    return codes
  }
  const kill = (): void => children.forEach((child) => child.kill())

  try {
    await mkdir(join(folder, 'redis'), { recursive: true })
    const store = add(startChild('redis', 'redis-server', redisArguments(redisPort, join(folder, 'redis'))))
    await until('redis', READY_MAX_MS, () => answersPing(redisPort), store.ended)
    await Promise.all(
      ['worker-1', 'worker-2'].map(async (name) => {
        const health = await freePort()
        const flags = [
          '--functions',
          join(PROJECT, 'functions.ts'),
          '--workflows',
          PROJECT,
          '--health-port',
          String(health),
          '--name',
          name,
        ]
        const worker = add(cli(name, ['worker', ...flags], home))
        await until(name, READY_MAX_MS, () => isReady(`http://127.0.0.1:${health}/readyz`), worker.ended)
      }),
    )
    const url = `http://127.0.0.1:${port}`
    const server = add(cli('server', ['server', '--port', String(port), '--workflows', PROJECT], home))
    await until('server', READY_MAX_MS, () => isReady(`${url}/readyz`), server.ended)
    return { url, broken: broken.promise, stop, kill }
  } catch (error) {
    await stop()
    throw error
  }
}

function cli(name: string, args: readonly string[], environment: Record<string, string>): Child {
  const main = join(ROOT, 'apps', 'cli', 'src', 'main.ts')
  return startChild(name, process.execPath, ['--conditions=agentloom-source', main, ...args], environment)
}

function redisArguments(port: number, folder: string): readonly string[] {
  const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction']
  return ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--loglevel', 'warning', ...durable]
}

/** One question of a part: its answer comes at once or another program has the port. */
const ASK_MAX_MS = 1_000

async function isReady(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(ASK_MAX_MS) })).ok
}

async function answersPing(port: number): Promise<boolean> {
  const signal = AbortSignal.timeout(ASK_MAX_MS)
  const socket = createConnection(port, '127.0.0.1')
  try {
    await once(socket, 'connect', { signal })
    socket.write('PING\r\n')
    const [reply] = await once(socket, 'data', { signal })
    return String(reply).startsWith('+PONG')
  } finally {
    socket.destroy()
  }
}
