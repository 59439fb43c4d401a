import type { RunStatus } from '../ports/journal.ts'
import type { DueTimes } from './due.ts'
import type { FairQueue } from './fair-queue.ts'
import type { RunState } from './run-state.ts'

/**
 * What a command is given beside the run: time and due entries. The commands (`begin`, `claim`, `settle`, `notes`,
 * `wake`, `verbs`, `end`, `reopen`) are mechanism only, without a clock of their own and without a promise. The Lua scripts of `bullmq` do the same
 * on Redis and are compared with them on random commands.
 */
export interface CommandContext {
  readonly nowMs: number
  readonly due: DueTimes
  /** Steps of runs with a concurrency key; see `turns.ts`. */
  readonly fair: FairQueue
  /** After how many milliseconds a bell that nobody answered is rung again; null where bells can't be lost. */
  readonly offerMs: number | null
  /** False where the only worker lives and dies with the journal. */
  readonly hasLeases: boolean
  /** After so many deaths of its workers a step is quarantined. */
  readonly deathsMax: number
  /** Any other run that is live in this journal. */
  readonly runOf: (runId: string) => RunState | undefined
  /** Runs that are live in this journal and were begun by steps of this one. */
  readonly childrenOf: (runId: string) => readonly RunState[]
  /** Status of any run of this journal, null where it knows none. */
  readonly statusOf: (runId: string) => RunStatus | null
  /** Runs beside its own that the command changed, and where their new records begin. */
  readonly changed: { readonly run: RunState; readonly from: number }[]
}
