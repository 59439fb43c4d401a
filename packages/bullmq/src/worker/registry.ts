import { z } from 'zod'
import type { RedisLink } from '../connect/link.ts'
import { redisError } from '../connect/redis-error.ts'
import { storeTimeMs } from '../connect/store-time.ts'
import type { FleetKeys } from '../keys.ts'
import { Scripts } from '../script.ts'
import type { ProcessMark } from './process-mark.ts'

/** Two beats and a half: soon enough for a takeover within 5 s, and late enough for a worker that only stutters. */
export const SILENT_MS = 2_500
export const BEAT_MS = 1_000
/** A worker that is gone stays visible for people who ask what happened. */
const FORGET_MS = 5 * 60_000

const entrySchema = z.object({
  worker: z.string(),
  host: z.string(),
  pid: z.number(),
  space: z.string().nullable(),
  started: z.string().nullable(),
  version: z.string(),
  startedAtMs: z.number(),
  pools: z.array(z.string()),
  shards: z.array(z.number()),
  handlers: z.array(z.string()),
  concurrency: z.number(),
  held: z.number(),
})

/** What a worker tells of itself with each beat. */
export type WorkerCard = ProcessMark & {
  readonly worker: string
  readonly host: string
  readonly version: string
  /** Milliseconds since 1970 by Redis' clock. */
  readonly startedAtMs: number
  readonly pools: readonly string[]
  readonly shards: readonly number[]
  /** `name` or `name@version`. */
  readonly handlers: readonly string[]
  readonly concurrency: number
  /** Number of steps that it holds. */
  readonly held: number
}

export interface WorkerEntry extends WorkerCard {
  /** Prefix of all nonces that it claims with: another one after a restart. */
  readonly instance: string
  /** Its last beat, by Redis' clock. */
  readonly beatAtMs: number
  /** It has not been heard of for {@link SILENT_MS}. */
  readonly isSilent: boolean
}

/** The workers of all shards, as each of them tells once a second. Entries vanish some minutes after the last beat. */
export class Registry {
  readonly #redis: RedisLink
  readonly #keys: FleetKeys['workers']
  readonly #scripts: Scripts

  constructor(redis: RedisLink, keys: Pick<FleetKeys, 'workers'>, scripts: Scripts = new Scripts(redis)) {
    this.#redis = redis
    this.#keys = keys.workers
    this.#scripts = scripts
  }

  async beat(instance: string, card: WorkerCard): Promise<void> {
    const args = [instance, JSON.stringify(card), SILENT_MS, FORGET_MS]
    await this.#scripts.call({ name: 'beat', keys: this.#keys, args })
  }

  /** The worker has gone as it should, and holds nothing any more. */
  async leave(instance: string): Promise<void> {
    const [workers, silent] = this.#keys
    await Promise.all([ask(this.#redis.hdel(workers, instance)), ask(this.#redis.zrem(silent, instance))])
  }

  /** Instances that have fallen silent and whose steps are to be taken back: until `taken` says that this is done. */
  async silent(): Promise<readonly string[]> {
    const [, silent] = this.#keys
    return z.array(z.string()).parse(await this.#scripts.call({ name: 'silent', keys: [silent], args: [] }))
  }

  /** All whose steps have not been taken back, silent or not. */
  untaken(): Promise<readonly string[]> {
    return ask(this.#redis.zrange(this.#keys[1], '0', '-1'))
  }

  /** Its steps have been taken back. Should it beat again, it counts as alive again. */
  async taken(instance: string): Promise<void> {
    await ask(this.#redis.zrem(this.#keys[1], instance))
  }

  async list(): Promise<readonly WorkerEntry[]> {
    const [workers] = this.#keys
    const [found, nowMs] = await Promise.all([ask(this.#redis.hgetall(workers)), ask(storeTimeMs(this.#redis))])
    return Object.entries(found)
      .flatMap(([instance, text]) => entryOf(instance, text, nowMs) ?? [])
      .filter(({ beatAtMs }) => nowMs - beatAtMs < FORGET_MS)
      .toSorted((a, b) => a.startedAtMs - b.startedAtMs)
  }

  /** Removes what nobody wants to see any more. */
  async trim(): Promise<void> {
    const known = new Set((await this.list()).map(({ instance }) => instance))
    const instances = await ask(this.#redis.hkeys(this.#keys[0]))
    for (const instance of instances) if (!known.has(instance)) await this.leave(instance)
  }
}

/** Workers that were heard of in the last minutes, the oldest first. */
export function listWorkers(redis: RedisLink, keys: Pick<FleetKeys, 'workers'>): Promise<readonly WorkerEntry[]> {
  return new Registry(redis, keys).list()
}

/** Null for what no version of ours wrote. */
function entryOf(instance: string, text: string, nowMs: number): WorkerEntry | null {
  const [, beat, json] = /^(\d+) (.*)$/s.exec(text) ?? []
  if (beat === undefined || json === undefined) return null
  try {
    const card = entrySchema.parse(JSON.parse(json))
    const beatAtMs = Number(beat)
    return { ...card, instance, beatAtMs, isSilent: nowMs - beatAtMs > SILENT_MS }
  } catch {
    return null
  }
}

async function ask<Reply>(reply: Promise<Reply>): Promise<Reply> {
  try {
    return await reply
  } catch (error) {
    throw redisError(error)
  }
}
