import { z } from 'zod'
import type { Keys } from '../keys.ts'
import type { Scripts } from '../script.ts'
import { BacklogError, MemoryMarkError } from './errors.ts'

export interface StartLimits {
  /** Runs that may wait to be begun, over all shards. Default 1,000,000: some GB of Redis, and hours of work. */
  readonly backlogMax?: number | undefined
  /** Share of maxmemory from which on no run is started, 0.1 to 1. Default 0.9: the rest is for what runs at work still write. */
  readonly memoryMark?: number | undefined
}

const reply = z.tuple([z.number(), z.string()])

const BACKLOG_MAX = 1_000_000
const MEMORY_MARK = 0.9
/** Younger than this it is taken as it is, with what this process has started since. */
const FRESH_MS = 250
/** Older than this it is waited for. */
const STALE_MS = 2_000

interface Sample {
  readonly atMs: number
  readonly waiting: number
  /** Null where Redis has no maxmemory. */
  readonly usedShare: number | null
}

/**
 * Refuses to start runs while a shard has too many that nobody has begun, or its Redis is nearly full. Looks a few times a
 * second at most, whatever is started: the marks are for floods, and one run more or less makes none.
 */
export class StartGate {
  readonly #scripts: Scripts
  readonly #keys: Keys
  readonly #backlogMax: number
  readonly #memoryMark: number
  readonly #monotonic: () => number
  #sample: Sample | null = null
  #sampling: Promise<Sample> | null = null
  #startedSince = 0

  constructor({
    scripts,
    keys,
    shardCount,
    limits,
    monotonic = () => performance.now(),
  }: {
    readonly scripts: Scripts
    readonly keys: Keys
    readonly shardCount: number
    readonly limits: StartLimits
    readonly monotonic?: () => number
  }) {
    this.#scripts = scripts
    this.#keys = keys
    this.#backlogMax = Math.max(1, Math.floor((limits.backlogMax ?? BACKLOG_MAX) / shardCount))
    this.#memoryMark = limits.memoryMark ?? MEMORY_MARK
    this.#monotonic = monotonic
  }

  /** Counts one more start. @throws {BacklogError} {@link MemoryMarkError} what `redisError` makes of Redis' answer */
  async admit(): Promise<void> {
    const { waiting, usedShare } = await this.#latest()
    if (usedShare !== null && usedShare >= this.#memoryMark)
      throw new MemoryMarkError({ usedShare, mark: this.#memoryMark })
    if (waiting + this.#startedSince >= this.#backlogMax)
      throw new BacklogError({ waiting: waiting + this.#startedSince, max: this.#backlogMax })
    this.#startedSince += 1
  }

  async #latest(): Promise<Sample> {
    const age = this.#sample === null ? Infinity : this.#monotonic() - this.#sample.atMs
    if (this.#sample !== null && age < FRESH_MS) return this.#sample
    this.#sampling ??= this.#look().finally(() => (this.#sampling = null))
    if (this.#sample === null || age >= STALE_MS) return this.#sampling
    this.#sampling.catch(() => undefined) // a later one waits for it, and is told
    return this.#sample
  }

  /** In one round trip to the shard's own node. */
  async #look(): Promise<Sample> {
    const atMs = this.#monotonic()
    const [waiting, memory] = reply.parse(
      await this.#scripts.call({ name: 'gate', keys: [this.#keys.index('queued')], args: [] }),
    )
    this.#startedSince = 0
    this.#sample = { atMs, waiting, usedShare: usedShareIn(memory) }
    return this.#sample
  }
}

/** Null where there is no limit. */
function usedShareIn(info: string): number | null {
  const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
  const max = field('maxmemory')
  return max === 0 ? null : field('used_memory') / max
}
