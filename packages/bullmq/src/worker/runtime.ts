import type { Executors } from '@agentloom/engine'
import type { ErrorInfo, Plan } from '@agentloom/workflow'

export interface WorkerOptions {
  /** `redis://` or `rediss://` URL of a single server. */
  readonly redis: string
  /** First part of every key. Default `al`. */
  readonly prefix?: string
  readonly executors: Executors
  /** Walks at once. Default 64: steps of agents wait on the network. */
  readonly concurrency?: number
  /** Name in the journal and in Bull Board. Default: host name, process id and a random part. */
  readonly worker?: string
  /** How long a silent worker keeps its steps, 1,000 to 600,000 ms. Default 5,000. Longer delays takeover, shorter costs beats. */
  readonly leaseMs?: number
  /** Steps that one job leads to before it gives its place to others. Default 100. */
  readonly stepsMax?: number
  /** By name: what `start-run` jobs on the runs queue may start. Default: none. */
  readonly workflows?: ReadonlyMap<string, Plan>
  /** How long the records of an ended run stay in Redis. Default 7 days. */
  readonly retentionMs?: number
  /** Starts in spite of a Redis that may evict keys when it is full. Default false; work is then lost without a trace. */
  readonly allowEviction?: boolean
  /** What happens to this worker, beside what `executors.observe` tells of runs. Must not throw. */
  readonly onEvent?: (event: WorkerEvent) => void
}

export type WorkerEvent =
  /** A job that no version of this product wrote, or that a foreign hand changed: finished as failed, otherwise ignored. */
  | { readonly kind: 'job-malformed'; readonly queue: string; readonly jobId: string | null; readonly problem: string }
  /** A job of a newer producer; another worker may know its version. */
  | { readonly kind: 'job-newer'; readonly queue: string; readonly jobId: string | null; readonly version: number }
  /** A `start-run` job could not start its run. */
  | { readonly kind: 'start-failed'; readonly jobId: string | null; readonly error: ErrorInfo }
  /** A bell that came late: the step is taken, resolved or not due. Harmless. */
  | { readonly kind: 'bell-late'; readonly runId: string; readonly stepId: string }
  /** An overdue obligation was offered again. */
  | { readonly kind: 'repaired'; readonly runId: string; readonly stepId: string | null; readonly cause: 'bell' | 'lease' | 'retry' | 'undecided' | 'edges' }
  /** Something of ours or of Redis went wrong; what it concerned is due again. */
  | { readonly kind: 'error'; readonly during: 'serve' | 'sweep' | 'beat' | 'queue' | 'redis'; readonly error: unknown }

export interface WorkerRuntime {
  readonly worker: string
  /** Redis answers and jobs are taken. */
  isReady(): boolean
  /** Steps that this process holds. */
  readonly held: number
  /**
   * Drains: takes nothing new, lets steps finish for `graceMs`, then hands back what is left. Twice is harmless.
   * @param options.graceMs milliseconds; default 10,000
   */
  close(options?: { readonly graceMs?: number }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts taking steps.
 * @throws {RedisUrlError} `config/redis-url`
 * @throws {RedisUnreachableError} `redis/unreachable`, within 5 s
 * @throws {RedisConnectError} `redis/auth`, `redis/not-redis`, `redis/unsupported-version`, `redis/eviction-policy`
 */
export function startWorkerRuntime(_options: WorkerOptions): Promise<WorkerRuntime> {
  throw new Error('being written')
}
