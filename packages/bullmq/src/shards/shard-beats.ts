import type { Claim, Journal, Wish } from '@agentloom/engine'
import { shardOf } from './shard-of.ts'

/** Well below the distance of beats, so that the leases of the other shards are prolonged in time. */
const ANSWER_MAX_MS = 250

type Beating = Pick<Journal, 'heartbeat'>

/**
 * Prolongs leases, shard by shard. A shard that does not answer in time is not waited for: its steps go on, as a lease that
 * nobody took refuses nothing, and what it answers late is told by the next beat.
 */
export class ShardBeats {
  readonly #shards: readonly Beating[]
  /** By shard: a beat whose answer is still to come. */
  readonly #pending = new Map<number, Promise<void>>()
  /** By nonce: what came too late for the beat that asked. */
  readonly #late = new Map<string, Wish>()

  constructor(shards: readonly Beating[]) {
    this.#shards = shards
  }

  /** In the order of the claims. */
  async beat(claims: readonly Claim[], leaseMs: number): Promise<readonly Wish[]> {
    const [only] = this.#shards
    if (only !== undefined && this.#shards.length === 1) return only.heartbeat(claims, leaseMs)
    const wishes = claims.map(({ nonce }): Wish => this.#late.get(nonce) ?? 'continue')
    this.#late.clear()
    const byShard = Map.groupBy(claims.keys(), (at) => shardOf(claims[at]?.runId ?? '', this.#shards.length))
    await Promise.all(
      [...byShard].map(([shard, places]) => this.#beatShard(shard, { claims, places, wishes, leaseMs })),
    )
    return wishes
  }

  async #beatShard(shard: number, { claims, places, wishes, leaseMs }: Beat): Promise<void> {
    if (this.#pending.has(shard)) return
    const own = places.flatMap((place) => claims[place] ?? [])
    let isLate = false
    const asking = this.#shards[shard]?.heartbeat(own, leaseMs).then((answers) => {
      for (const [index, wish] of answers.entries()) {
        const place = places[index]
        if (isLate) this.#late.set(own[index]?.nonce ?? '', wish)
        else if (place !== undefined) wishes[place] = wish
      }
    })
    if (asking === undefined) return
    const ended = asking.finally(() => this.#pending.delete(shard))
    this.#pending.set(shard, ended)
    isLate = !(await within(ended, ANSWER_MAX_MS))
    if (isLate) ended.catch(() => undefined) // the next beat asks again, and meets the same trouble
  }
}

interface Beat {
  readonly claims: readonly Claim[]
  readonly places: readonly number[]
  readonly wishes: Wish[]
  readonly leaseMs: number
}

async function within(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([work.then(() => true as const), late])
  } finally {
    clearTimeout(timer)
  }
}
