import type { Plan } from '@agentloom/workflow'
import type { RunHandle } from './run.ts'

export interface ProducerOptions {
  /** `redis://` or `rediss://` URL of a single server. */
  readonly redis: string
  /** First part of every key; the same as the workers'. Default `al`. */
  readonly prefix?: string
}

export interface StartRunOptions {
  /** Plain JSON mapping, laid over the workflow's initial state key by key. */
  readonly input?: unknown
  /** `[A-Za-z0-9_-]{1,64}`. The same id with the same content is the same run. Default: a new one. */
  readonly id?: string
  readonly tenant?: string
  /** 0 (first) to 2,097,151. Default 0. */
  readonly priority?: number
  readonly tags?: readonly string[]
}

/** A compiled plan, the text of a workflow file, or what `defineWorkflow` made. */
export type Startable = Plan | { readonly yaml: string } | { readonly plan: Plan }

export interface Producer {
  /**
   * Starts a run; it is durable in Redis when this resolves.
   * @throws {RunIdConflictError} `run/id-conflict` · {StartOptionError} `run/bad-option` · {WorkflowError} for a text that
   * is no workflow · what connecting throws (`config/redis-url`, `redis/…`)
   */
  start(workflow: Startable, options?: StartRunOptions): Promise<RunHandle>
  /** A run that was started earlier, or by another process. Asks nobody: an unknown id shows when the handle is used. */
  run(id: string): RunHandle
  /** Ends the connection; handles of this producer are of no use after it. Twice is harmless. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Connects when first used. */
export function createProducer(_options: ProducerOptions): Producer {
  throw new Error('being written')
}
