import { Cluster, type Redis } from 'ioredis'
import { setTimeout as sleep } from 'node:timers/promises'
import { duplicate, type RedisLink } from '../connect/link.ts'
import { redisError } from '../connect/redis-error.ts'
import type { Keys } from '../keys.ts'
import { DurabilityError, DurabilityUnavailableError } from './errors.ts'

/**
 * When a START counts as accepted: when Redis has it (`redis`), when the append-only file of its node is on disk (`aof`), or
 * when so many replicas have it as well (`replicas(2)`).
 */
export type StartDurability = 'redis' | 'aof' | `replicas(${number})`

const REPLICAS = /^replicas\(([1-9]\d?)\)$/
const WAIT_MAX_MS = 5_000
/** The key only makes a write to be waited for. */
const MARK_MS = 60_000
const MOVING_MS = 100

export function isStartDurability(text: string): text is StartDurability {
  return text === 'redis' || text === 'aof' || REPLICAS.test(text)
}

type Level = { readonly kind: 'aof' } | { readonly kind: 'replicas'; readonly count: number }

/**
 * Waits until what was written is as safe as wanted: on a connection of its own, for WAIT holds up all that comes behind it.
 * It writes a mark, which lies behind the START, and waits for that; STARTs of the same moment share one.
 */
export class Durability {
  readonly #main: RedisLink
  #own: RedisLink | null = null
  /** By shard and level. */
  readonly #waiting = new Map<string, Group>()
  #aof: Promise<'waits' | 'always'> | null = null

  constructor(redis: RedisLink) {
    this.#main = redis
  }

  /** Before the START. @throws {DurabilityUnavailableError} `redis/durability` */
  async check(durability: StartDurability): Promise<void> {
    if (levelOf(durability)?.kind === 'aof') await this.#aofOf()
  }

  /** After the START. @throws {DurabilityError} `run/durability` */
  async reach(runId: string, keys: Keys, durability: StartDurability): Promise<void> {
    const level = levelOf(durability)
    if (level === null) return
    if (level.kind === 'aof' && (await this.#aofOf()) === 'always') return // it is on disk before Redis answers
    const count = await this.#group(keys, level)
    if (level.kind === 'aof' && count < 1)
      throw new DurabilityError(runId, `its append-only file was not on disk within ${WAIT_MAX_MS / 1_000} s`)
    if (level.kind === 'replicas' && count < level.count)
      throw new DurabilityError(runId, `${count} of ${level.count} replicas had it within ${WAIT_MAX_MS / 1_000} s`)
  }

  close(): void {
    this.#own?.disconnect()
  }

  /** Whoever comes while one waits shares the next one. */
  #group(keys: Keys, level: Level): Promise<number> {
    const name = `${keys.shard} ${level.kind} ${level.kind === 'replicas' ? level.count : ''}`
    const group: Group = this.#waiting.get(name) ?? { running: null, next: null }
    this.#waiting.set(name, group)
    if (group.running === null) return (group.running = this.#settled(group, keys, level))
    group.next ??= group.running
      .catch(() => 0)
      .then(() => {
        group.next = null
        return (group.running = this.#settled(group, keys, level))
      })
    return group.next
  }

  async #settled(group: Group, keys: Keys, level: Level): Promise<number> {
    try {
      return await this.#wait(keys, level)
    } finally {
      if (group.next === null) group.running = null
    }
  }

  /** In a Cluster the slot may be on its way to another node. */
  async #wait(keys: Keys, level: Level): Promise<number> {
    const giveUpAtMs = performance.now() + WAIT_MAX_MS
    for (;;) {
      try {
        return await this.#waitOnce(keys, level)
      } catch (error) {
        const isMoving = error instanceof Error && /^(ASK|MOVED|TRYAGAIN|CLUSTERDOWN)/.test(error.message)
        if (!isMoving || performance.now() > giveUpAtMs) throw redisError(error)
        await sleep(MOVING_MS)
      }
    }
  }

  async #waitOnce(keys: Keys, level: Level): Promise<number> {
    const node = await nodeOf((this.#own ??= opened(this.#main)), keys.mark)
    const [, reached] = await Promise.all([
      node.set(keys.mark, '1', 'PX', MARK_MS),
      level.kind === 'aof'
        ? node.call('WAITAOF', '1', '0', String(WAIT_MAX_MS))
        : node.call('WAIT', String(level.count), String(WAIT_MAX_MS)),
    ])
    return Number(Array.isArray(reached) ? reached[0] : reached)
  }

  #aofOf(): Promise<'waits' | 'always'> {
    return (this.#aof ??= this.#askAof().catch((error: unknown) => {
      this.#aof = null
      throw error
    }))
  }

  async #askAof(): Promise<'waits' | 'always'> {
    const info = await this.#main.info()
    const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
    if (field('aof_enabled') !== '1')
      throw new DurabilityUnavailableError(
        'durability aof: this Redis keeps no append-only file',
        'CONFIG SET appendonly yes, or ask for replicas(N)',
      )
    const config = await this.#main.config('GET', 'appendfsync').catch(() => []) // an operator may have forbidden it
    if (Array.isArray(config) && config[1] === 'always') return 'always'
    const [major = 0, minor = 0] = field('redis_version').split('.').map(Number)
    if (major > 7 || (major === 7 && minor >= 2)) return 'waits'
    throw new DurabilityUnavailableError(
      `durability aof: Redis ${field('redis_version')} can't be asked to wait for its append-only file, as 7.2 can`,
      'CONFIG SET appendfsync always, use Redis 7.2 or newer, or ask for replicas(N)',
    )
  }
}

interface Group {
  running: Promise<number> | null
  next: Promise<number> | null
}

function opened(main: RedisLink): RedisLink {
  const own = duplicate(main)
  own.on('error', () => undefined) // the main connection reports what is wrong
  return own
}

/** WAIT names no key: who asks must know which node has the shard. */
async function nodeOf(link: RedisLink, key: string): Promise<Redis> {
  if (!(link instanceof Cluster)) return link
  const slot = Number(await link.call('CLUSTER', 'KEYSLOT', key))
  const [address] = link.slots[slot] ?? []
  const node = link.nodes('master').find(({ options }) => `${options.host}:${options.port}` === address)
  if (node === undefined) throw new Error('CLUSTERDOWN no node is known for the slot')
  return node
}

/** Null: Redis' answer is all there is to wait for. @throws {DurabilityUnavailableError} */
function levelOf(durability: StartDurability): Level | null {
  if (durability === 'redis') return null
  if (durability === 'aof') return { kind: 'aof' }
  const count = REPLICAS.exec(durability)?.[1]
  if (count !== undefined) return { kind: 'replicas', count: Number(count) }
  throw new DurabilityUnavailableError(
    `there is no durability ${JSON.stringify(String(durability).slice(0, 40))}`,
    'write redis, aof, or replicas(N)',
  )
}
