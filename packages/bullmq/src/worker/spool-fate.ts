import { isOver, type RunStatus, type SpooledRunKey } from '@agentloom/engine'

/** What the journal says of a run. */
export interface Standing {
  readonly status: RunStatus
  /** By the store's clock. */
  readonly updatedAtMs: number
  /** A checkpoint has it as it is. */
  readonly isSaved: boolean
}

/**
 * - `stays`: a loss of data may need what the spool knows of it.
 * - `leaves`: it need not come back by itself. Its parts lie in the spools of several workers, which find this out one after the
 *   other; only once all of them have may the first forget its part, or the others would put back a run that lacks it.
 * - `goes`: all have had the time to find it out.
 */
export type Fate = 'stays' | 'leaves' | 'goes'

/** Of runs that have just ended a loss of data brings the results back. And several sweeps of every worker fit in. */
const WAIT_MS = 5 * 60_000
/** An ended run stays until a checkpoint has it, or for this long where nobody writes checkpoints. */
const UNSAVED_MS = 24 * 3_600_000

/**
 * Only the store's clock decides: those of the workers may differ, and be set.
 * @param standing null: the run has left the journal
 */
export function fateOf({ leavingAtMs }: SpooledRunKey, standing: Standing | null, nowMs: number): Fate {
  if (standing !== null && !mayLeave(standing, nowMs)) return 'stays'
  return leavingAtMs !== null && nowMs - leavingAtMs >= WAIT_MS ? 'goes' : 'leaves'
}

function mayLeave({ status, updatedAtMs, isSaved }: Standing, nowMs: number): boolean {
  return isOver(status) && nowMs - updatedAtMs >= (isSaved ? WAIT_MS : UNSAVED_MS)
}

/** Runs that were at work a moment ago are not asked for. A time yet to come is of a server whose clock was wrong. */
export function mayBeIdle({ touchedAtMs }: SpooledRunKey, nowMs: number): boolean {
  return Math.abs(nowMs - touchedAtMs) >= WAIT_MS
}
