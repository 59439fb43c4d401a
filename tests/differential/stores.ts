import { keysOf, RedisJournal, ShardedJournal, verifyStored } from '@agentloom/bullmq'
import { openJournal } from '@agentloom/embedded'
import type { Finding, Journal, MemoryJournalOptions } from '@agentloom/engine'
import { VirtualClock } from '@agentloom/engine/testing'
import { startRedis, startRedisCluster } from '@agentloom/testing'
import { compileWorkflow, parseDefinition, type Plan } from '@agentloom/workflow'
import { Cluster, Redis } from 'ioredis'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RUN_IDS } from './random-commands.ts'

export const STORES = ['redis', 'cluster', 'sqlite'] as const
export type StoreName = (typeof STORES)[number]

/** A journal for one sequence of commands, empty at first. Its time is the clock's. */
export interface OpenedStore {
  readonly journal: Journal
  /** Moves the journal's time along with the clock's. */
  advance(ms: number): Promise<void>
  /** The journal as a process finds it that comes later. */
  reopen(): Promise<Journal>
  close(): Promise<void>
  /** What lies beside a run's records and is not as they imply. */
  readonly findings?: (runId: string) => Promise<readonly Finding[]>
}

/** A place for any number of sequences, one after the other. */
export interface StorePlace extends AsyncDisposable {
  /** How the model must be set up to answer alike. */
  readonly model: Omit<MemoryJournalOptions, 'now'>
  open(clock: VirtualClock): Promise<OpenedStore>
}

const OFFER_MS = 5_000
const REDIS_MODEL = { offerMs: OFFER_MS, hasLeases: true } as const
/** Scripts read the time from a key. The same text for all, as a server keeps each script that it was ever sent. */
const CLOCK =
  "local function clock() return tonumber(redis.call('GET', string.match(KEYS[1], '^{[^}]+}:') .. 'clock')) end\n"

export function openPlace(store: StoreName): Promise<StorePlace> {
  switch (store) {
    case 'redis':
      return redisPlace()
    case 'cluster':
      return clusterPlace()
    case 'sqlite':
      return sqlitePlace()
    default:
      return store satisfies never
  }
}

async function redisPlace(): Promise<StorePlace> {
  const server = await startRedis()
  const redis = new Redis(server.url, { maxRetriesPerRequest: null })
  const keys = keysOf('d')
  const journal = (): Journal => new RedisJournal({ redis, keys, offerMs: OFFER_MS, clock: CLOCK })
  return {
    model: REDIS_MODEL,
    async open(clock) {
      await redis.set(`${keys.root}clock`, clock.now())
      return {
        journal: journal(),
        advance: async (ms) => void (await redis.incrby(`${keys.root}clock`, ms)),
        reopen: async () => journal(),
        close: async () => void (await redis.flushdb()),
        async findings(runId) {
          const one = journal()
          const planOf = async (hash: string): Promise<Plan> =>
            compileWorkflow(parseDefinition((await one.definition(hash)) ?? '')).plan
          const found = (await verifyStored({ redis, keys, journal: one, planOf }, runId))?.findings ?? []
          return found.filter(({ message }) => !message.startsWith('spent ')) // no worker skips at a cost, which no record tells
        },
      }
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect()
      await server.stop()
    },
  }
}

/** Prefixes by turns, so that sequences lie on all nodes. */
const PREFIXES = 64
const SHARDS = 2

async function clusterPlace(): Promise<StorePlace> {
  const server = await startRedisCluster()
  const nodes = server.nodes.map(({ port }) => ({ host: '127.0.0.1', port }))
  const redis = new Cluster(nodes, { redisOptions: { maxRetriesPerRequest: null, replyMapping: 'legacy' } })
  let count = 0
  return {
    model: REDIS_MODEL,
    async open(clock) {
      const prefix = `d${(count += 1) % PREFIXES}`
      const shards = Array.from({ length: SHARDS }, (_, shard) => keysOf(prefix, shard))
      const clocks = shards.map(({ root }) => `${root}clock`)
      const journal = (): Journal => new ShardedJournal({ redis, shards, offerMs: OFFER_MS, clock: CLOCK })
      await Promise.all(clocks.map((key) => redis.set(key, clock.now())))
      return {
        journal: journal(),
        advance: async (ms) => void (await Promise.all(clocks.map((key) => redis.incrby(key, ms)))),
        reopen: async () => journal(),
        close: async () => void (await Promise.all(redis.nodes('master').map((node) => node.flushdb()))),
      }
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect()
      await server.stop()
    },
  }
}

/** Where fsync costs nothing: what a power cut leaves is another test's matter. */
function folderInMemory(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
}

/** One file for all: opening one takes longer than a sequence does. */
async function sqlitePlace(): Promise<StorePlace> {
  const folder = mkdtempSync(join(folderInMemory(), 'agentloom-differential-'))
  let clock = new VirtualClock()
  const journal = await openJournal({ folder, now: () => clock.now() })
  return {
    model: { offerMs: null, hasLeases: false, hasPools: false },
    async open(given) {
      clock = given
      return {
        journal,
        advance: async () => undefined,
        async reopen() {
          for (const runId of RUN_IDS) journal.drop(runId) // it is read from the file from here on
          return journal
        },
        async close() {
          for (const runId of RUN_IDS) {
            const loaded = await journal.load(runId)
            if (loaded !== null) await journal.erase(runId, loaded.records.length)
          }
        },
      }
    },
    async [Symbol.asyncDispose]() {
      await journal.close()
      rmSync(folder, { recursive: true })
    },
  }
}
