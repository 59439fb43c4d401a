import type { ErrorInfo, Plan, PlanNode } from '@agentloom/workflow'
import type { Offer, RunStatus, Wait } from './journal.ts'
import type { StepUsage } from '../journal/record.ts'

/** Wakes whoever may take a step. A bell that is lost, doubled or late changes nothing but time. */
export interface Doorbell {
  ring(bells: readonly Bell[]): Promise<void>
}

export interface Bell extends Offer {
  /** Of the workflow; shown in queues. */
  readonly workflow: string
  readonly definition: string
  /** BullMQ's: 0 is the first. */
  readonly priority: number
  /** Pool of workers. */
  readonly queue: string
}

/** Plans by the hash of their definition, compiled once a process. */
export interface Plans {
  /** @throws {AgentloomError} `run/no-definition` when the journal has no such definition; a WorkflowError when it does not compile here */
  get(definition: string): Promise<Plan>
}

/** Sees what happens in this process, for logs, metrics and terminals. Must not throw and must not block. */
export type Observer = (event: EngineEvent) => void

/** What kind of step it is, for whoever counts. */
export interface StepOrigin {
  readonly workflow: string
  readonly stepType: PlanNode['step']['type']
  /** Its model's text comes piece by piece. */
  readonly isStreamed: boolean
}

export type EngineEvent =
  | {
      readonly kind: 'step-started'
      readonly runId: string
      readonly stepId: string
      readonly epoch: number
      readonly attempt: number
    }
  | {
      readonly kind: 'step-committed'
      readonly runId: string
      readonly stepId: string
      readonly origin: StepOrigin
      readonly output: string
      readonly usage: StepUsage
    }
  | {
      readonly kind: 'step-failed'
      readonly runId: string
      readonly stepId: string
      readonly origin: StepOrigin
      readonly status: 'failed' | 'timeout'
      readonly error: ErrorInfo
      readonly usage: StepUsage
      /** Null: for good. */
      readonly retryInMs: number | null
    }
  | { readonly kind: 'step-skipped'; readonly runId: string; readonly stepId: string; readonly reason: string | null }
  /** The step gave its place up until something comes. */
  | {
      readonly kind: 'step-waiting'
      readonly runId: string
      readonly stepId: string
      readonly origin: StepOrigin
      readonly wait: Wait
    }
  /** Too many workers died with the step: it waits for somebody to let it try again. */
  | { readonly kind: 'step-quarantined'; readonly runId: string; readonly stepId: string }
  /** The step is about to wait for this run, which begins or goes on now. */
  | { readonly kind: 'child-started'; readonly runId: string; readonly stepId: string; readonly childRunId: string }
  /** A gate's notification was sent, or could not be. */
  | {
      readonly kind: 'webhook'
      readonly runId: string
      readonly stepId: string
      readonly origin: StepOrigin
      readonly outcome: 'success' | 'failed' | 'timeout' | 'sandbox_blocked'
      readonly message: string | null
      readonly latencyMs: number
    }
  /** Another worker has the step, or the run is over: the result was thrown away. */
  | { readonly kind: 'step-lost'; readonly runId: string; readonly stepId: string }
  | { readonly kind: 'step-text'; readonly runId: string; readonly stepId: string; readonly text: string }
  | {
      readonly kind: 'step-log'
      readonly runId: string
      readonly stepId: string
      readonly message: string
      readonly fields: object
    }
  | { readonly kind: 'no-handler'; readonly runId: string; readonly stepId: string; readonly handler: string }
  /** All that is open waits: for humans, or (`parked`) for something else, too. */
  | { readonly kind: 'run-rested'; readonly runId: string; readonly status: 'paused' | 'parked' }
  | {
      readonly kind: 'run-ended'
      readonly runId: string
      readonly status: RunStatus
      /** This and the next: null where whoever saw the end did not know the run. */
      readonly workflow: string | null
      /** Milliseconds since 1970, the journal's clock. */
      readonly createdAtMs: number | null
    }
