import type { Wait } from '@agentloom/engine'
import type { Fate } from '@agentloom/engine/testing'

/** What the records of a run have said of a step so far. */
export interface StepAudit {
  status: 'untouched' | 'running' | 'ready' | 'backoff' | 'suspended' | 'resolved'
  epoch: number
  /** Of the last claim. */
  worker: string
  wait: Wait | null
  /** When it wakes by itself. */
  untilMs: number | null
  /** 1-based. */
  visit: number
  /** Until when nobody else may take it: the last claim's, as it was prolonged. */
  leaseUntilMs: number
  /** Texts noted under the present claim. */
  noted: Set<string>
  /** What the notes of earlier claims of this visit say is done: turns, tool calls and items, by name. */
  readonly done: Set<string>
  /** The same of the present claim. */
  doing: Set<string>
  /** Executions, by claim. */
  readonly executed: Set<string>
  fate: Fate | null
}

export function newStepAudit(): StepAudit {
  return {
    status: 'untouched',
    epoch: 0,
    worker: '',
    wait: null,
    untilMs: null,
    visit: 1,
    leaseUntilMs: 0,
    noted: new Set(),
    done: new Set(),
    doing: new Set(),
    executed: new Set(),
    fate: null,
  }
}
