import { setTimeout as sleep } from 'node:timers/promises'
import {
  childRunsIn,
  isChildRun,
  restartCommand,
  restsWhole,
  type Journal,
  type KeptRun,
  type RunFilter,
  type RunHeader,
  type RunStatus,
} from '@agentloom/engine'
import { compileWorkflow, parseDefinition } from '@agentloom/workflow'
import { z } from 'zod'
import type { RedisLink } from '../connect/link.ts'
import { redisError } from '../connect/redis-error.ts'
import type { RedisJournal } from '../journal/redis-journal.ts'
import type { Keys } from '../keys.ts'
import { runStatus } from '../journal/header.ts'
import { oldestOf } from '../journal/oldest.ts'
import { shardOf } from '../shards/shard-of.ts'
import { RunAwayError } from './errors.ts'

/**
 * Runs that rest leave Redis and come back when somebody asks for them. While one is away, Redis has a row of it: `away`, a hash,
 * by when it was started in `away-ix`. It leaves in one script, with all below it, once its checkpoints are written and if nobody
 * has written to it since. It comes back by `restore`, which refuses where the run is there: there are never two.
 * Who asks and has no checkpoints puts the run into `wanted`; workers look there, and whose checkpoints have it brings it back.
 */
export interface AwayStore {
  /** Null for a run that is not kept there. */
  read(runId: string): Promise<KeptRun | null>
}

/** A run that came back stays for so long, whether or not anything happens to it. */
const STAYS_MS = 10 * 60_000
/** Workers look twice a second. */
const WANTED_MS_MAX = 10_000
const LOOK_MS = 100
const PAGE = 500

const rowSchema = z.object({
  workflow: z.string(),
  definition: z.string(),
  status: runStatus,
  createdAtMs: z.number(),
  updatedAtMs: z.number(),
  recordCount: z.int(),
  /** Host and folder of the checkpoints. */
  home: z.string(),
})
type Row = z.infer<typeof rowSchema>

function rowIn(text: string | null): Row | null {
  return text === null ? null : rowSchema.parse(JSON.parse(text))
}

export class AwayRuns {
  readonly #redis: RedisLink
  readonly #shards: readonly Keys[]
  /** Some may never leave; they must not keep us from the others. */
  #lookedUntilMs = 0

  constructor(redis: RedisLink, shards: readonly Keys[]) {
    this.#redis = redis
    this.#shards = shards
  }

  /** Those that wait for somebody in Redis, at the top of their tree; the longest started first, and each time the next ones. */
  async resting(limit: number): Promise<readonly string[]> {
    const indexes = this.#shards.flatMap((keys) => [keys.index('paused'), keys.index('parked')])
    const found = await ask(oldestOf(this.#redis, indexes, { limit, afterMs: this.#lookedUntilMs }))
    this.#lookedUntilMs = found.length < limit ? 0 : (found.at(-1)?.startedAtMs ?? 0)
    return found.map(({ runId }) => runId)
  }

  /**
   * Takes a run and all below it out of Redis.
   * @param tree as its checkpoints, which are written, have it; the run at the top first
   * @returns false where it does not rest any more, or has just come back
   */
  async leave(
    journal: RedisJournal,
    tree: readonly KeptRun[],
    { home, sinceMs }: { readonly home: string; readonly sinceMs: number },
  ): Promise<boolean> {
    const [root] = tree
    if (root === undefined || root.header.parent !== null || !restsWhole(tree, sinceMs)) return false
    const { workflow, definition, status, createdAtMs, updatedAtMs } = root.header
    const recordCount = root.records.length
    const row: Row = { workflow, definition, status, createdAtMs, updatedAtMs, recordCount, home }
    const counts = tree.map(({ header, records }) => ({ runId: header.runId, recordCount: records.length }))
    return journal.leave(JSON.stringify(row), createdAtMs, counts)
  }

  /** Brings a run back from checkpoints. @returns whether it is in Redis now */
  async bringBack(journal: Journal, store: AwayStore, runId: string): Promise<boolean> {
    const keys = this.#of(runId)
    const row = await this.#row(runId)
    const run = row === null ? null : await store.read(runId)
    if (row === null || run === null || run.records.length !== row.recordCount) return false
    await ask(this.#redis.set(keys.back(runId), '1', 'PX', STAYS_MS))
    await restoreBelow(journal, store, run)
    await this.forget(runId)
    return true
  }

  /** A run that is asked for and not in Redis: whether it is by the time this resolves. @throws {RunAwayError} */
  async fetch(journal: Journal, store: AwayStore | null, runId: string): Promise<boolean> {
    const row = await this.#row(runId)
    if (row === null) return false
    if (store !== null && (await this.bringBack(journal, store, runId))) return true
    const keys = this.#of(runId)
    await ask(this.#redis.sadd(keys.wanted, runId))
    for (let waitedMs = 0; waitedMs < WANTED_MS_MAX; waitedMs += LOOK_MS) {
      await sleep(LOOK_MS)
      if ((await this.#row(runId)) === null) return true
    }
    await ask(this.#redis.srem(keys.wanted, runId))
    throw new RunAwayError(runId, row.home)
  }

  /** Brings back what others have asked for, as far as the checkpoints have it. @returns how many */
  async bringWanted(journal: Journal, store: AwayStore): Promise<number> {
    let count = 0
    for (const keys of this.#shards)
      for (const runId of await ask(this.#redis.smembers(keys.wanted)))
        if (await this.bringBack(journal, store, runId)) count += 1
    return count
  }

  /** Whether the run, or the one at the top of its tree, has left Redis. */
  async has(runId: string): Promise<boolean> {
    const root = isChildRun(runId) ? runId.slice(0, runId.indexOf('.')) : runId
    return (await ask(this.#redis.hexists(this.#of(root).away, root))) === 1
  }

  /** The run is in Redis, or nobody wants it any more. */
  async forget(runId: string): Promise<void> {
    const keys = this.#of(runId)
    await ask(
      Promise.all([
        this.#redis.hdel(keys.away, runId),
        this.#redis.zrem(keys.awayIndex, runId),
        this.#redis.srem(keys.wanted, runId),
      ]),
    )
  }

  /** Newest first. Headers are as the rows have them: input, tags and limits stand in the checkpoint. */
  async list({ statuses, workflow, sinceMs = 0, limit }: RunFilter): Promise<readonly RunHeader[]> {
    const wanted = (status: RunStatus): boolean => statuses === undefined || statuses.includes(status)
    if (!wanted('paused') && !wanted('parked')) return []
    const fits = (row: Row): boolean => wanted(row.status) && (workflow ?? row.workflow) === row.workflow
    const lists = this.#shards.map(async (keys) => {
      const found: RunHeader[] = []
      for (let from = 0, size = PAGE; size === PAGE && found.length < limit; from += size) {
        const page = ['BYSCORE', 'REV', 'LIMIT', from, PAGE] as const
        const runIds = await ask(this.#redis.zrange(keys.awayIndex, '+inf', String(sinceMs), ...page))
        const texts = runIds.length === 0 ? [] : await ask(this.#redis.hmget(keys.away, ...runIds))
        for (const [at, runId] of runIds.entries()) {
          const row = rowIn(texts[at] ?? null)
          if (row === null || !fits(row)) continue
          const { recordCount: _count, home: _home, ...known } = row
          found.push({ ...UNKNOWN, ...known, runId })
        }
        size = runIds.length
      }
      return found
    })
    return (await Promise.all(lists)).flat()
  }

  async #row(runId: string): Promise<Row | null> {
    return rowIn(await ask(this.#redis.hget(this.#of(runId).away, runId)))
  }

  #of(runId: string): Keys {
    const keys = this.#shards[shardOf(runId, this.#shards.length)]
    if (keys === undefined) throw new Error('there is no shard')
    return keys
  }
}

const UNKNOWN = {
  input: '{}',
  tenant: null,
  priority: 0,
  tags: [],
  error: null,
  format: 1,
  budgetNanoUsd: null,
  timeoutMs: null,
  parent: null,
} as const

/** Children first: the run at the top finds them as it left them. Those that are there already stay as they are. */
async function restoreBelow(journal: Journal, store: AwayStore, run: KeptRun): Promise<void> {
  for (const child of childRunsIn(run.records)) {
    const kept = await store.read(child)
    if (kept !== null) await restoreBelow(journal, store, kept)
  }
  const { plan } = compileWorkflow(parseDefinition(run.definitionText))
  const start = { ...restartCommand(plan, run.header), definitionText: run.definitionText }
  await journal.restore({ start, records: run.records, replaces: null }, plan)
}

async function ask<Reply>(reply: Promise<Reply>): Promise<Reply> {
  try {
    return await reply
  } catch (error) {
    throw redisError(error)
  }
}
