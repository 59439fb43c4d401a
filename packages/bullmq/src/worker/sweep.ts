import type { Follower, Journal, Obligation } from '@agentloom/engine'
import type { WorkerEvent } from './events.ts'

/** Obligations taken at once: each costs a script of some 20 µs, and a bell. */
const SWEEP_MAX = 100
/** Rounds of one sweep, so that a flood of obligations leaves room for steps. */
const ROUNDS_MAX = 20

export interface SweepParts {
  readonly journal: Journal
  readonly follower: Follower
  readonly emit: (event: WorkerEvent) => void
  /** Whether leases that ran out may be ended: see `Presence.isSteady`. */
  readonly endsLeases: () => boolean
}

/** Sees to whatever is overdue. Any number of workers may sweep at once: each entry is renewed or removed by the one that takes it. */
export async function sweep(parts: SweepParts): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const overdue = await parts.journal.due(SWEEP_MAX, { endsLeases: parts.endsLeases() })
    await Promise.all(overdue.map((obligation) => discharge(parts, obligation)))
    if (overdue.length < SWEEP_MAX) return
  }
}

export async function discharge(
  { follower, emit }: Pick<SweepParts, 'follower' | 'emit'>,
  obligation: Obligation,
): Promise<void> {
  try {
    await follower.discharge(obligation)
  } catch (error) {
    emit({ kind: 'error', during: 'sweep', error }) // it is due again in a few seconds
    return
  }
  const { kind } = obligation
  if (kind === 'run-ended' || kind === 'child' || kind === 'quarantined') return // nothing to repair
  const { runId, stepId } = obligation
  emit({ kind: 'repaired', runId, stepId, cause: kind === 'offer' ? obligation.cause : kind })
}
