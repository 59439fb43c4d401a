import { Cluster, type Redis } from 'ioredis'
import { connect } from '../connect/connect.ts'
import type { RedisLink } from '../connect/link.ts'
import { poolOfQueue, STEPS_QUEUE, type Keys } from '../keys.ts'
import { openShards } from '../shards/open-shards.ts'
import { standingOf } from '../standing.ts'
import { listWorkers } from '../worker/registry.ts'
import { examine, type Finding, type ServerFacts } from './examine.ts'

export interface DoctorOptions {
  readonly redis: string
  /** Default `al`. */
  readonly prefix?: string
  /** Of this program, to be compared with that of the workers. */
  readonly version: string
}

/**
 * Looks at a Redis and at those who work with it, changes nothing, and says what is wrong and what to do about it.
 * @throws what `createClient` throws where the server cannot be reached or used at all; eviction is a finding here
 */
export async function examineRedis({ redis: url, prefix, version }: DoctorOptions): Promise<readonly Finding[]> {
  const { redis, shards, fleet, target } = await connect({ redis: url, prefix, allowEviction: true })
  const { queues, closeQueues } = openShards({ redis, shards })
  try {
    const nodes = redis instanceof Cluster ? redis.nodes('master') : [redis]
    const [servers, standing, workers, orphans] = await Promise.all([
      Promise.all(nodes.map((node) => serverFacts(node, target.address))),
      queues().then((all) => standingOf(redis, { shards, queues: all })),
      listWorkers(redis, fleet),
      orphansIn(redis, nodes, shards),
    ])
    return examine({ servers, standing, workers, version, orphans, poolOf })
  } finally {
    await closeQueues()
    redis.disconnect()
  }
}

function poolOf(queue: string): string | null {
  const name = queue.replace(/^shard-\d+-/, '')
  return name.startsWith(STEPS_QUEUE) ? poolOfQueue(name) : null
}

async function serverFacts(redis: Redis, address: string): Promise<ServerFacts> {
  const askedAtMs = Date.now()
  const [seconds, micros] = await redis.time()
  const answeredAtMs = Date.now()
  const serverMs = Number(seconds) * 1_000 + Number(micros) / 1_000
  const info = await redis.info()
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  const { host, port } = redis.options
  return {
    address: redis.isCluster || host === undefined ? address : `${host}:${port ?? ''}`,
    version: field('redis_version'),
    usedBytes: Number(field('used_memory')),
    maxBytes: Number(field('maxmemory')),
    machineBytes: Number(field('total_system_memory')),
    policy: field('maxmemory_policy'),
    hasAof: field('aof_enabled') === '1',
    fsync: await setting(redis, 'appendfsync'),
    lastAofWrite: field('aof_last_write_status') || 'ok',
    lastSave: field('rdb_last_bgsave_status') || 'ok',
    clockAheadMs: (askedAtMs + answeredAtMs) / 2 - serverMs,
    clockErrorMs: (answeredAtMs - askedAtMs) / 2,
  }
}

/** Hosted servers refuse CONFIG. */
async function setting(redis: Redis, name: string): Promise<string | null> {
  try {
    const [, value] = (await redis.config('GET', name)) as string[]
    return value ?? null
  } catch {
    return null
  }
}

const ORPHANS_MAX = 20
/** A look, no inventory: this many keys take a second or two. */
const KEYS_MAX = 1_000_000
const KEYS_A_SCAN = 1_000
/** Kinds of keys that are nothing without their run. */
const OF_A_RUN = /^(?:steps|out|log|queue):(.+)$/

async function orphansIn(
  redis: RedisLink,
  nodes: readonly Redis[],
  shards: readonly Keys[],
): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const keys of shards) {
    for (const node of nodes) {
      let seen = 0
      for await (const names of node.scanStream({ match: `${globbed(keys.root)}*`, count: KEYS_A_SCAN })) {
        const runIds = new Set(
          (names as string[]).flatMap((name) => OF_A_RUN.exec(name.slice(keys.root.length))?.[1] ?? []),
        )
        for (const runId of runIds)
          if (!found.has(runId) && (await redis.exists(keys.run(runId)[0])) === 0) found.add(runId)
        seen += names.length
        if (found.size >= ORPHANS_MAX || seen > KEYS_MAX) break
      }
    }
  }
  return [...found]
}

/** As a pattern that means itself. */
function globbed(text: string): string {
  return text.replace(/[[\]*?\\]/g, String.raw`\$&`)
}
