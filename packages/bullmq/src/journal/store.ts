import type { RedisLink } from '../connect/link.ts'
import type { Keys } from '../keys.ts'
import type { Scripts } from '../script.ts'
import type { Turn } from './turn.ts'

/** What the journal's commands share. */
export interface Store {
  readonly redis: RedisLink
  readonly keys: Keys
  readonly scripts: Scripts
  /** For how many ms an ended run stays. */
  readonly retentionMs: number
  /** After how many ms a bell is missed. */
  readonly offerMs: number
  /** After so many deaths of its workers a step is quarantined. */
  readonly deathsMax: number
  /** Takes every command but START. */
  readonly turn: Turn
  /** Takes what most steps of plain runs ask: see `plain.ts`. */
  readonly plain: Turn
  /** Runs that `plain.ts` need not try. */
  readonly longWay: Set<string>
  /** Takes START, which a full Redis refuses. */
  readonly beginning: Turn
}
