import type { ErrorInfo } from '@agentloom/workflow'
import type { RecoverySummary } from '../generation/recovery.ts'

export type WorkerEvent =
  /** A job that no version of this product wrote, or that a foreign hand changed: finished as failed, otherwise ignored. */
  | { readonly kind: 'job-malformed'; readonly queue: string; readonly jobId: string | null; readonly problem: string }
  /** A job of a newer producer; another worker may know its version. */
  | { readonly kind: 'job-newer'; readonly queue: string; readonly jobId: string | null; readonly version: number }
  /** A `start-run` job could not start its run. */
  | { readonly kind: 'start-failed'; readonly jobId: string | null; readonly error: ErrorInfo }
  /** A bell that came late: the step is taken, resolved or not due. Harmless. */
  | { readonly kind: 'bell-late'; readonly runId: string; readonly stepId: string }
  /** An overdue obligation was seen to again. */
  | {
      readonly kind: 'repaired'
      readonly runId: string
      /** Null where a run's own count of its slots was wrong. */
      readonly stepId: string | null
      readonly cause: 'bell' | 'lease' | 'retry' | 'undecided' | 'edges' | 'slot'
    }
  /** A worker that is gone held these many steps, which were offered to others before their leases ran out. */
  | { readonly kind: 'taken-over'; readonly worker: string; readonly steps: number }
  /** Redis may have lost data of this shard: nothing begins until the spools of all workers have been told it. */
  | { readonly kind: 'data-lost'; readonly shard: number }
  /** What this worker's spool knew has been told. */
  | ({ readonly kind: 'recovered'; readonly shard: number } & RecoverySummary)
  /** The spool takes nothing: no step is taken until it does. Results go to Redis. */
  | { readonly kind: 'spool-failed'; readonly error: Error }
  | { readonly kind: 'spool-back' }
  /** Something of ours or of Redis went wrong; what it concerned is due again. */
  | {
      readonly kind: 'error'
      readonly during: 'serve' | 'sweep' | 'beat' | 'queue' | 'redis' | 'spool'
      readonly error: unknown
    }
