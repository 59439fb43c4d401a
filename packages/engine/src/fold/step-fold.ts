import type { ErrorInfo } from '@agentloom/workflow'
import type { RunStatus, Wait, Wake } from '../ports/journal.ts'
import { CorruptJournalError } from '../journal/errors.ts'
import { NO_USAGE, type JournalRecord, type StepRecord, type StepUsage } from '../journal/record.ts'

/** A step as its records tell it, in its present visit. */
export interface StepFold {
  /** A step that waits is `paused` for a human, `parked` for anything else, and as its child run is where it waits for one. */
  readonly status: 'ready' | 'running' | 'backoff' | 'paused' | 'parked' | 'success' | 'failed' | 'timeout' | 'skipped'
  /** Highest epoch seen. */
  readonly epoch: number
  /** Failures of this visit; an attempt more while it runs. */
  readonly failures: number
  readonly attempts: number
  /** Workers that died or fell silent while they held it, since it was last let try again. */
  readonly deaths: number
  /** JSON text of the committed output. */
  readonly output: string | null
  readonly error: ErrorInfo | null
  readonly cause: number | null
  /** Of settlements and notes, also of attempts that failed or were cut off. */
  readonly usage: StepUsage
  readonly retryAtMs: number | null
  /** What it waits for without a worker, and when it wakes by itself. */
  readonly wait: Wait | null
  readonly untilMs: number | null
  /** How the child run stands that it waits for. */
  readonly childStatus: RunStatus | null
  /** What ended its last wait. */
  readonly wake: Wake | null
  readonly startedAtMs: number | null
  readonly endedAtMs: number | null
}

const UNTOUCHED: StepFold = {
  status: 'ready',
  epoch: 0,
  failures: 0,
  attempts: 0,
  deaths: 0,
  output: null,
  error: null,
  cause: null,
  usage: NO_USAGE,
  retryAtMs: null,
  wait: null,
  untilMs: null,
  childStatus: null,
  wake: null,
  startedAtMs: null,
  endedAtMs: null,
}

/** Records → steps. Steps that nothing was recorded of are absent. @throws {CorruptJournalError} */
export function foldSteps(runId: string, records: readonly JournalRecord[]): ReadonlyMap<string, StepFold> {
  const folds = new Map<string, StepFold>()
  for (const record of records) {
    if (record.kind === 'reopened') for (const stepId of record.stepIds) folds.delete(stepId)
    if (!('stepId' in record)) continue
    const fold = folds.get(record.stepId) ?? UNTOUCHED
    if (fold.status === 'success' || fold.status === 'skipped') {
      throw new CorruptJournalError(runId, `a ${record.kind} record of step ${record.stepId}, which is resolved`)
    }
    folds.set(record.stepId, nextFold(fold, record))
  }
  return folds
}

function nextFold(fold: StepFold, record: StepRecord): StepFold {
  switch (record.kind) {
    case 'claimed':
      return {
        ...fold,
        status: 'running',
        epoch: record.epoch,
        attempts: fold.failures + 1,
        startedAtMs: fold.startedAtMs ?? record.atMs,
      }
    case 'committed':
      return {
        ...fold,
        status: 'success',
        output: record.output,
        error: null,
        usage: addUsage(fold.usage, record.usage),
        endedAtMs: record.atMs,
      }
    case 'failed':
      return {
        ...fold,
        status: record.retryAtMs === null ? record.status : 'backoff',
        failures: fold.failures + 1,
        error: record.error,
        output: record.output ?? null,
        usage: addUsage(fold.usage, record.usage),
        retryAtMs: record.retryAtMs,
        endedAtMs: record.atMs,
      }
    case 'skipped':
      return { ...fold, status: 'skipped', cause: record.cause, endedAtMs: record.atMs }
    case 'released':
      return { ...fold, status: 'ready' }
    case 'died':
      return { ...fold, deaths: fold.deaths + 1 }
    case 'noted': {
      if (record.usage === null) return fold
      return { ...fold, usage: { ...addUsage(fold.usage, record.usage), durationMs: fold.usage.durationMs } }
    }
    case 'waiting': {
      const { wait, untilMs, usage } = record
      const waits = { status: statusOfWait(wait, null), wait, untilMs, childStatus: null, wake: null }
      return { ...fold, ...waits, usage: addUsage(fold.usage, usage) }
    }
    case 'woken':
      return {
        ...fold,
        status: 'ready',
        deaths: record.wake.kind === 'unparked' ? 0 : fold.deaths,
        wait: null,
        untilMs: null,
        childStatus: null,
        wake: record.wake,
      }
    case 'mirrored': {
      if (fold.wait === null) return fold
      return { ...fold, status: statusOfWait(fold.wait, record.status), childStatus: record.status }
    }
    default:
      return record satisfies never
  }
}

function statusOfWait({ kind }: Wait, childStatus: RunStatus | null): 'paused' | 'parked' | 'running' {
  if (kind === 'gate') return 'paused'
  if (kind !== 'child') return 'parked'
  return childStatus === 'paused' || childStatus === 'parked' ? childStatus : 'running'
}

/** Tokens and money of failed attempts were spent; the duration shown is the last attempt's. */
function addUsage(sum: StepUsage, more: StepUsage): StepUsage {
  return {
    durationMs: more.durationMs,
    tokens: sum.tokens + more.tokens,
    costNanoUsd: sum.costNanoUsd + more.costNanoUsd,
    model: more.model ?? sum.model,
    provider: more.provider ?? sum.provider,
  }
}
