import type { Redis } from 'ioredis'
import type { Keys } from '../keys.ts'
import type { Scripts } from '../script.ts'
import type { Turn } from './turn.ts'

/** What the journal's commands share. */
export interface Store {
  readonly redis: Redis
  readonly keys: Keys
  readonly scripts: Scripts
  /** For how many ms an ended run stays. */
  readonly retentionMs: number
  /** Takes every command but START. */
  readonly turn: Turn
  /** Takes the steps of chains: see `go-on.ts`. */
  readonly goingOn: Turn
  /** Runs whose steps `go-on.ts` need not try. */
  readonly longWay: Set<string>
  /** Takes START, which a full Redis refuses. */
  readonly beginning: Turn
}
