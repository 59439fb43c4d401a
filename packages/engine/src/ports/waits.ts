import type { Offer } from './claims.ts'
import type { RunLabel, RunStatus } from './runs.ts'

/** What a step waits for without a worker. Durations are milliseconds from the store's now. */
export type Wait =
  /** For a human: the step and, when nothing else is at work, the run are `paused`. */
  | { readonly kind: 'gate'; readonly timeoutMs: number | null }
  | { readonly kind: 'timer'; readonly delayMs: number }
  | { readonly kind: 'signal'; readonly name: string; readonly timeoutMs: number | null }
  /** For the end of a child run, which has been started before. Looked after every `CHILD_CHECK_MS`, should its end be missed. */
  | { readonly kind: 'child'; readonly runId: string }
  /** It can't go on for a typed reason (`no-secret`, `ask`, …) and looks again after `checkMs`, or when it is woken. */
  | { readonly kind: 'parked'; readonly reason: string; readonly message: string; readonly checkMs: number | null }

/** What ends a wait. */
export type Wake =
  /** A gate's answer; checked by the step that gets it. `by`: who, as given. */
  | { readonly kind: 'decided'; readonly decision: string; readonly by: string | null }
  /** JSON text. */
  | { readonly kind: 'signalled'; readonly payload: string }
  /** A timer's end, a gate's or a signal's time-out, or a parked step's next check. */
  | { readonly kind: 'elapsed' }
  | { readonly kind: 'child-ended'; readonly runId: string; readonly status: RunStatus }
  /** Somebody lets a parked step try again; of a quarantined one the deaths are forgotten. `by`: who, as given. */
  | { readonly kind: 'unparked'; readonly by: string | null }

export interface WakeStep {
  readonly runId: string
  readonly stepId: string
  readonly wake: Exclude<Wake, { readonly kind: 'elapsed' | 'signalled' }>
}

export type WakeReply =
  | { readonly outcome: 'woken'; readonly offers: readonly Offer[]; readonly label: RunLabel }
  /** `not-waiting`: it waits for nothing of this kind. `decided`: it was woken before, with another answer. */
  | { readonly outcome: 'refused'; readonly reason: 'unknown-run' | 'run-over' | 'not-waiting' | 'decided' }

export type SignalReply =
  /** `isNew` is false where the same payload was there before. */
  | { readonly outcome: 'kept'; readonly isNew: boolean; readonly offers: readonly Offer[]; readonly label: RunLabel }
  | { readonly outcome: 'refused'; readonly reason: 'unknown-run' | 'run-over' | 'signalled-otherwise' }
