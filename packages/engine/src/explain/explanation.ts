import type { RunStatus } from '../ports/journal.ts'

/** Why something waits, or that it does not: a closed set. */
export type WaitCause =
  | 'ended'
  | 'paused'
  | 'newer-format'
  | 'gate'
  | 'timer'
  | 'signal'
  | 'parked'
  | 'awaiting_budget'
  | 'child-run'
  /** A worker, or the run's own process, is at work on it. */
  | 'at-work'
  /** The worker that holds it has not been heard of. */
  | 'worker-gone'
  | 'back-off'
  | 'no-worker'
  | 'no-handler'
  | 'cap'
  | 'key-full'
  | 'queued'
  /** Other steps come first. */
  | 'dependencies'
  /** No process has the run. */
  | 'nobody'

export interface Reason {
  readonly cause: WaitCause
  /** A sentence without its subject's name: `waits for …`. */
  readonly text: string
  readonly heldBy: string | null
  /** Milliseconds since 1970. */
  readonly sinceMs: number | null
  readonly untilMs: number | null
  /** The command that mends it, or null where time or others do. */
  readonly command: string | null
}

export interface StepReason extends Reason {
  /** Full name, with those of the steps above it: `step.inner`. */
  readonly path: string
  readonly runId: string
  readonly stepId: string
}

export interface Explanation extends Reason {
  readonly runId: string
  readonly workflow: string | null
  readonly status: RunStatus | null
  /** The whole answer in one sentence. */
  readonly sentence: string
  /** What holds up the steps that are not resolved, in the plan's order, those of child runs behind the step that waits for them. */
  readonly steps: readonly StepReason[]
}

export function momentText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`
}

/** As JSON, for the command line and HTTP. */
export function explanationDocument({ runId, workflow, status, sentence, steps, ...reason }: Explanation): object {
  return {
    run_id: runId,
    workflow,
    status,
    ...reasonDocument(reason),
    sentence,
    steps: steps.map(({ path, runId: own, ...step }) => ({ step: path, run_id: own, ...reasonDocument(step) })),
  }
}

function reasonDocument({ cause, text, heldBy, sinceMs, untilMs, command }: Reason): object {
  const moment = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
  return { cause, text, held_by: heldBy, since: moment(sinceMs), until: moment(untilMs), command }
}
