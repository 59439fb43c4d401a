import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { z } from 'zod'
import type { RedisLink } from '../connect/link.ts'
import { storeTimeMs } from '../connect/store-time.ts'
import { ownMark } from './process-mark.ts'
import type { Registry, WorkerCard } from './registry.ts'

/** A gap between two beats that came through: Redis was away, or this process was stopped. */
const GAP_MS = 2_000
/** By then every worker that lives has beaten again, too. */
const STEADY_MS = 3_000

export interface PresenceParts {
  readonly redis: RedisLink
  readonly registry: Registry
  readonly instance: string
  readonly card: Pick<WorkerCard, 'worker' | 'pools' | 'shards' | 'handlers' | 'concurrency'>
  readonly held: () => number
  /** Milliseconds that no clock change moves. */
  readonly monotonic: () => number
}

/** This worker in the registry. */
export class Presence {
  readonly #parts: PresenceParts
  #startedAtMs: number | null = null
  #steadySince = 0
  #lastBeat = Number.NEGATIVE_INFINITY

  constructor(parts: PresenceParts) {
    this.#parts = parts
  }

  async beat(): Promise<void> {
    const { registry, instance, card, held, monotonic } = this.#parts
    this.#startedAtMs ??= await storeTimeMs(this.#parts.redis)
    const about = { ...ownMark(), host: hostname(), version: VERSION, startedAtMs: this.#startedAtMs }
    await registry.beat(instance, { ...card, ...about, held: held() })
    const now = monotonic()
    if (now - this.#lastBeat > GAP_MS) this.#steadySince = now
    this.#lastBeat = now
  }

  /**
   * Redis has been there for this worker without a gap, long enough that who has not been heard of meanwhile is gone. Right
   * after an outage, or when a whole fleet was stopped, everybody seems to be gone.
   */
  get isSteady(): boolean {
    const now = this.#parts.monotonic()
    return now - this.#lastBeat <= GAP_MS && now - this.#steadySince >= STEADY_MS
  }

  leave(): Promise<void> {
    return this.#parts.registry.leave(this.#parts.instance)
  }
}

const VERSION = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))).version
