import type { Redis } from 'ioredis'
import type { Keys } from '../keys.ts'
import type { Scripts } from '../script.ts'

/** What the journal's commands share. */
export interface Store {
  readonly redis: Redis
  readonly keys: Keys
  readonly scripts: Scripts
  /** After how many ms a bell that nobody answered is rung again. */
  readonly offerMs: number
  /** For how many ms the records of an ended run stay. */
  readonly retentionMs: number
}

/** ARGV[1..3] of every script that includes `lua/lib/run.lua`. */
export function head(store: Store, runId: string): [string, number, number] {
  return [runId, store.offerMs, store.retentionMs]
}
