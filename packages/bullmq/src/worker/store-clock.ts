import type { RedisLink } from '../connect/link.ts'
import { storeTimeMs } from '../connect/store-time.ts'

/** What a quartz may be off by, generously: an older sample counts for so much less, in milliseconds a millisecond. */
const DRIFT = 0.001

/**
 * The clock of Redis as this process knows it, told by the process's monotonic one between two looks: setting the wall clock of
 * a machine changes nothing. Wrong by half a round trip at most.
 */
export class StoreClock {
  readonly #redis: Pick<RedisLink, 'time'>
  readonly #monotonic: () => number
  #offsetMs = 0
  #errorMs = Infinity
  #atMs = 0

  constructor(redis: Pick<RedisLink, 'time'>, monotonic: () => number) {
    this.#redis = redis
    this.#monotonic = monotonic
  }

  /** Milliseconds since 1970, whole. Nonsense before the first {@link look}. */
  now(): number {
    return Math.round(this.#monotonic() + this.#offsetMs)
  }

  /** Keeps what it knows where a slow reply would tell it less. */
  async look(): Promise<void> {
    const askedMs = this.#monotonic()
    const storeMs = await storeTimeMs(this.#redis)
    const answeredMs = this.#monotonic()
    const errorMs = (answeredMs - askedMs) / 2
    if (errorMs > this.#errorMs + (answeredMs - this.#atMs) * DRIFT) return
    this.#offsetMs = storeMs - (askedMs + answeredMs) / 2
    this.#errorMs = errorMs
    this.#atMs = answeredMs
  }
}
