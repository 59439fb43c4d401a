import { isOver, parkOffered, type Offer, type WalkerParts } from '@agentloom/engine'
import { isServedBy } from '@agentloom/workflow'
import type { RedisLink } from '../connect/link.ts'
import type { Keys } from '../keys.ts'
import { shardOf } from '../shards/shard-of.ts'
import type { Registry, WorkerEntry } from './registry.ts'

export interface NoHandlerParts {
  readonly redis: RedisLink
  /** All shards, in their order. */
  readonly shards: readonly Keys[]
  /** Those that this worker serves. */
  readonly served: readonly Keys[]
  readonly registry: Registry
  readonly walker: WalkerParts
  /** Milliseconds that no clock change moves. */
  readonly monotonic: () => number
}

/** What is known of the other workers may be this old. */
const KNOWN_MS = 1_000
/** A worker that comes wakes what it can do; this is for wakes that were lost. */
const CHECK_MS = 5 * 60_000
const SCAN_COUNT = 500

/** Steps whose function this worker lacks: left to a worker that has it, or parked until one comes. */
export class NoHandler {
  readonly #parts: NoHandlerParts
  #known: { readonly atMs: number; readonly workers: Promise<readonly WorkerEntry[]> } | null = null

  constructor(parts: NoHandlerParts) {
    this.#parts = parts
  }

  /** `elsewhere`: a living worker has the function. */
  async missed(offer: Offer, definition: string | null, pool: string): Promise<'elsewhere' | 'parked'> {
    const { walker } = this.#parts
    const hash = definition ?? (await walker.journal.header(offer.runId))?.definition
    if (hash === undefined) return 'elsewhere'
    const plan = await walker.plans.get(hash)
    const node = plan.byId.get(offer.stepId)
    if (node?.step.type !== 'function') return 'elsewhere'
    const { handler } = node.step
    if (await this.#isThere(handler, pool)) return 'elsewhere'
    const { runId, stepId } = offer
    await this.#parts.redis.hset(this.#keyOf(runId), memberOf(runId, stepId), handler)
    const message = `no worker has the function ${handler}`
    const wait = { kind: 'parked', reason: 'no-handler', message, checkMs: CHECK_MS } as const
    await parkOffered(walker, { offer, node, plan, wait })
    this.#known = null
    if (await this.#isThere(handler, pool)) await this.#wake(runId, stepId) // it came in between
    return 'parked'
  }

  /** Wakes steps that this worker can execute; forgets those of runs that are over. */
  async wakeAll(): Promise<void> {
    const { functions } = this.#parts.walker.executors
    for (const { lacking } of this.#parts.served) {
      let cursor = '0'
      do {
        const [next, found] = await this.#parts.redis.hscan(lacking, cursor, 'COUNT', SCAN_COUNT)
        cursor = next
        for (let at = 0; at + 1 < found.length; at += 2) {
          const [member = '', handler = ''] = [found[at], found[at + 1]]
          const slash = member.indexOf('/')
          const [runId, stepId] = [member.slice(0, slash), member.slice(slash + 1)]
          if (functions.get(handler) !== null) await this.#wake(runId, stepId)
          else if (await this.#hasEnded(runId)) await this.#parts.redis.hdel(lacking, member)
        }
      } while (cursor !== '0')
    }
  }

  async #wake(runId: string, stepId: string): Promise<void> {
    const { journal, follower } = this.#parts.walker
    const reply = await journal.wake({ runId, stepId, wake: { kind: 'unparked', by: null } })
    if (reply.outcome === 'woken') await follower.woken(runId, reply)
    await this.#parts.redis.hdel(this.#keyOf(runId), memberOf(runId, stepId))
  }

  async #hasEnded(runId: string): Promise<boolean> {
    const header = await this.#parts.walker.journal.header(runId)
    return header === null || isOver(header.status)
  }

  async #isThere(handler: string, pool: string): Promise<boolean> {
    const { registry, monotonic } = this.#parts
    const now = monotonic()
    if (this.#known === null || now - this.#known.atMs > KNOWN_MS) this.#known = { atMs: now, workers: registry.list() }
    const workers = await this.#known.workers
    return workers.some(
      ({ isSilent, pools, handlers }) =>
        !isSilent && pools.includes(pool) && handlers.some((name) => isServedBy(handler, name)),
    )
  }

  #keyOf(runId: string): string {
    const { shards } = this.#parts
    return shards[shardOf(runId, shards.length)]?.lacking ?? ''
  }
}

function memberOf(runId: string, stepId: string): string {
  return `${runId}/${stepId}`
}
