import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Client, createClient } from '@agentloom/bullmq/client'
import { type RedisHandle, startRedis } from '@agentloom/testing'
import { Redis } from 'ioredis'
import { Load } from './load/load.ts'
import { orders } from './load/orders.ts'
import { Turns } from './turns.ts'
import { type Random, seededRandom } from './random.ts'
import { monotonicMs, Witness } from './witness.ts'
import { Workers } from './workers.ts'

/** All that a fault may lay hands on. */
export interface World {
  readonly prefix: string
  readonly redis: RedisHandle
  /** Where Redis keeps its files. */
  readonly redisFolder: string
  /** Straight to Redis, for what only the nemesis does. */
  readonly admin: Redis
  readonly client: Client
  readonly workers: Workers
  readonly witness: Witness
  readonly load: Load
  readonly random: Random
  /** Who takes a worker or its disk away shares; who takes away what Redis knows is alone: only one copy may be lost at a time. */
  readonly copies: Turns
  /** Times at which data of Redis were lost. */
  readonly losses: number[]
  /** Names of workers that ended at work though nobody had ended them. */
  readonly endedByThemselves: string[]
}

export interface WorldOptions {
  readonly folder: string
  readonly seed: number
  readonly workerCount: number
  readonly liveMax: number
}

const PREFIX = 'nemesis'

export async function openWorld({
  folder,
  seed,
  workerCount,
  liveMax,
}: WorldOptions): Promise<World & AsyncDisposable> {
  await using opened = new AsyncDisposableStack()
  const redisFolder = join(folder, 'redis')
  const log = join(folder, 'workers.log')
  await mkdir(redisFolder, { recursive: true })
  await (await open(log, 'a')).close()
  const redis = opened.use(
    await startRedis({
      appendonly: true,
      appendfsync: 'everysec',
      dir: redisFolder,
      isLocal: true,
      args: ['--enable-debug-command', 'local'],
    }),
  )
  const admin = new Redis(redis.url, { maxRetriesPerRequest: null, retryStrategy: () => 100 })
  admin.on('error', () => undefined) // Redis is killed on purpose
  opened.defer(() => admin.disconnect())
  const client = opened.use(await createClient({ redis: redis.url, prefix: PREFIX }))
  for (const queue of await client.queues()) queue.on('error', () => undefined)
  const workers = await Workers.start({
    redisPort: redis.port,
    prefix: PREFIX,
    folder,
    log,
    count: workerCount,
    environment: {},
  })
  const abandon = (): void => workers.abandon()
  process.once('exit', abandon)
  opened.defer(async () => {
    await workers.stop()
    process.off('exit', abandon)
  })
  const witness = new Witness(log)
  const load = new Load({ client, witness, order: orders(seededRandom(seed), seed), liveMax, now: monotonicMs })
  const rest = opened.move()
  return {
    prefix: PREFIX,
    redis,
    redisFolder,
    admin,
    client,
    workers,
    witness,
    load,
    random: seededRandom(seed + 1),
    copies: new Turns(),
    losses: [],
    endedByThemselves: [],
    [Symbol.asyncDispose]: async () => {
      await rest.disposeAsync()
      await rm(redisFolder, { recursive: true, force: true })
    },
  }
}
