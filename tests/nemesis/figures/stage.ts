import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Client, createClient } from '@agentloom/bullmq/client'
import { type RedisHandle, startRedis } from '@agentloom/testing'
import { compileYaml, type Plan } from '@agentloom/workflow'
import { Redis } from 'ioredis'
import { exited } from '../../crash/fleet.ts'
import type { Clock } from '../clock.ts'
import { Witness } from '../witness.ts'

export interface CrewOptions {
  readonly concurrency?: number
  readonly clock?: Clock
  readonly logLevel?: 'debug' | 'info'
  readonly environment?: NodeJS.ProcessEnv
}

/** What a figure is measured on: a Redis of its own, and workers with the default settings. */
export interface Stage extends AsyncDisposable {
  readonly folder: string
  readonly redis: RedisHandle
  readonly admin: Redis
  readonly client: Client
  readonly witness: Witness
  /** A worker process. The same name has the same home. */
  worker(name: string, options?: CrewOptions): ChildProcess
  /** Resolves when so many workers take steps. */
  ready(count: number): Promise<void>
}

const ROOT = join(import.meta.dirname, '..', '..', '..')
/** As users have it: built, without the memory and the time that it takes to strip types. */
const CLI = join(ROOT, 'apps', 'cli', 'dist', 'main.js')
const FUNCTIONS = join(ROOT, 'node_modules', '.cache', 'tests', 'nemesis', 'figures', 'functions.js')
const READY_MS_MAX = 60_000

export async function openStage(folder: string): Promise<Stage> {
  await using opened = new AsyncDisposableStack()
  const redisFolder = join(folder, 'redis')
  const logFile = join(folder, 'workers.log')
  await mkdir(redisFolder, { recursive: true })
  const log = await open(logFile, 'a')
  const redis = opened.use(
    await startRedis({ appendonly: true, appendfsync: 'everysec', dir: redisFolder, isLocal: true }),
  )
  const admin = new Redis(redis.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 })
  admin.on('error', () => undefined) // Redis is killed on purpose
  opened.defer(() => admin.disconnect())
  const client = opened.use(await createClient({ redis: redis.url }))
  for (const queue of await client.queues()) queue.on('error', () => undefined)
  const witness = new Witness(logFile)
  const children: ChildProcess[] = []
  opened.defer(async () => {
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(children.map(exited))
    await log.close()
  })
  let readyCount = 0
  witness.listen((line) => {
    if ('message' in line && line.message === 'taking steps') readyCount += 1
  })
  const rest = opened.move()
  return {
    folder,
    redis,
    admin,
    client,
    witness,
    worker(name, { concurrency = 64, clock, logLevel = 'debug', environment = {} } = {}) {
      const flags = ['--name', name, '--concurrency', String(concurrency)]
      const args = ['worker', '--redis', redis.url, '--functions', FUNCTIONS, ...flags]
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, ...args], {
        env: {
          ...process.env,
          NODE_OPTIONS: '',
          AGENTLOOM_HOME: join(folder, name),
          AGENTLOOM_LOG_LEVEL: logLevel,
          ...environment,
          ...clock?.environment,
        },
        stdio: ['ignore', 'ignore', log.fd],
      })
      children.push(child)
      return child
    },
    async ready(count) {
      await witness.read()
      const isReady = readyCount >= count || (await witness.until(() => readyCount >= count, READY_MS_MAX))
      if (!isReady) throw new Error(`${readyCount} of ${count} workers take steps: see ${logFile}`)
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

/** A workflow of function steps `s0, s1, …`, all at once or one after the other. */
export function planOf(name: string, count: number, step: string, isChain = false): Plan {
  const steps = Array.from({ length: count }, (_, index) => {
    const after = isChain && index > 0 ? `, depends_on: [s${index - 1}]` : ''
    return `  - {id: s${index}, ${step}${after}}\n`
  })
  return compileYaml(`name: ${name}\nconfig: {max_concurrent_steps: 1024}\nsteps:\n${steps.join('')}`).plan
}
