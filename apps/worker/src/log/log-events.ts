import type { WorkerEvent } from '@agentloom/bullmq'
import type { EngineEvent } from '@agentloom/engine'
import type { Logger } from '@agentloom/telemetry'
import { sampler } from './sampled.ts'
import type { StrayError } from '../stray/stray-errors.ts'

type Flood = WorkerEvent['kind'] | 'no-handler' | 'stray'

/** Turns what happens in a worker into log lines; steps that go well are on level debug. Never throws. */
export interface EventLog {
  engine(event: EngineEvent): void
  worker(event: WorkerEvent): void
  stray(stray: StrayError): void
}

export function eventLog(log: Logger, now: () => number): EventLog {
  const sampled = sampler<Flood>(now)
  return {
    engine: (event) => logEngine(log, event, sampled),
    worker: (event) => sampled(event.kind, (leftOut) => logWorker(log, event, counted(leftOut))),
    stray: ({ error, kind, step }) =>
      sampled('stray', (leftOut) =>
        log.error({ exception: asError(error), ...step, ...counted(leftOut) }, `stray ${kind} that no step caught`),
      ),
  }
}

function logEngine(
  log: Logger,
  event: EngineEvent,
  sampled: (kind: Flood, tell: (leftOut: number) => void) => void,
): void {
  switch (event.kind) {
    case 'step-started': {
      const { runId, stepId, epoch, attempt } = event
      return log.debug({ runId, stepId, epoch, attempt }, 'step started')
    }
    case 'step-committed': {
      const { runId, stepId, usage } = event
      return log.debug({ runId, stepId, durationMs: usage.durationMs, tokens: usage.tokens }, 'step committed')
    }
    case 'step-failed': {
      const { runId, stepId, error, retryInMs } = event
      const fields = { runId, stepId, code: error.code, ...(retryInMs !== null && { retryInMs }) }
      return retryInMs === null
        ? log.error(fields, `step failed: ${error.message}`)
        : log.warn(fields, `step failed, is tried again: ${error.message}`)
    }
    case 'step-skipped':
      return log.debug({ runId: event.runId, stepId: event.stepId, reason: event.reason }, 'step skipped')
    case 'step-lost':
      return log.warn(
        { runId: event.runId, stepId: event.stepId },
        'step was taken over or its run is over; the result was thrown away',
      )
    case 'step-text':
      return
    case 'step-log':
      return log.info({ ...event.fields, runId: event.runId, stepId: event.stepId }, event.message)
    case 'step-waiting':
      return log.debug({ runId: event.runId, stepId: event.stepId, wait: event.wait.kind }, 'step waits')
    case 'step-quarantined':
      return log.error(
        { runId: event.runId, stepId: event.stepId },
        `step is quarantined: too many workers died with it; agentloom explain ${event.runId}`,
      )
    case 'child-started':
      return log.debug({ runId: event.runId, stepId: event.stepId, childRunId: event.childRunId }, 'child run started')
    case 'webhook': {
      const { runId, stepId, outcome, latencyMs, message } = event
      const fields = { runId, stepId, outcome, latencyMs: Math.round(latencyMs) }
      return outcome === 'success'
        ? log.info(fields, 'notification sent')
        : log.warn(fields, `notification not sent: ${message ?? outcome}`)
    }
    case 'run-rested':
      return log.info({ runId: event.runId, status: event.status }, `run ${event.status}`)
    case 'no-handler': {
      const { runId, stepId, handler } = event
      return sampled('no-handler', (leftOut) =>
        log.warn({ runId, stepId, handler, ...counted(leftOut) }, `no function ${handler} here`),
      )
    }
    case 'run-ended':
      return log.info({ runId: event.runId, status: event.status }, 'run ended')
    default:
      return event satisfies never
  }
}

function logWorker(log: Logger, event: WorkerEvent, left: object): void {
  switch (event.kind) {
    case 'job-malformed':
      return log.warn({ queue: event.queue, jobId: event.jobId, ...left }, `job/malformed: ${event.problem}`)
    case 'job-newer':
      return log.warn(
        { queue: event.queue, jobId: event.jobId, version: event.version, ...left },
        'job of a newer version; update this worker',
      )
    case 'start-failed':
      return log.error(
        { jobId: event.jobId, code: event.error.code, ...left },
        `run was not started: ${event.error.message}`,
      )
    case 'bell-late':
      return log.debug({ runId: event.runId, stepId: event.stepId, ...left }, 'late doorbell')
    case 'repaired': {
      const { runId, stepId, cause } = event
      const fields = { runId, stepId, cause, ...left }
      // A retry is due when its back-off is over: nothing had gone wrong with it.
      if (cause === 'retry') return log.debug(fields, 'back-off is over')
      if (cause === 'slot') return log.warn(fields, 'a slot that nothing held was given back')
      return log.info(fields, 'overdue step was offered again')
    }
    case 'taken-over':
      return log.warn(
        { worker: event.worker, steps: event.steps, ...left },
        'steps of a worker that is gone were taken over',
      )
    case 'data-lost':
      return log.error(
        { shard: event.shard, ...left },
        'Redis may have lost data: nothing begins until spools are told',
      )
    case 'recovered': {
      const { shard, runs, records, lost, problems } = event
      const isWhole = lost.length === 0 && problems.length === 0
      const fields = {
        shard,
        runs,
        records,
        ...(lost.length > 0 && { lost }),
        ...(problems.length > 0 && { problems }),
      }
      const message = 'what the spool knows was told'
      return isWhole ? log.info({ ...fields, ...left }, message) : log.error({ ...fields, ...left }, message)
    }
    case 'spool-failed':
      return log.error({ exception: event.error, ...left }, 'the spool takes nothing: no step is taken until it does')
    case 'spool-back':
      return log.info({ ...left }, 'the spool is written again')
    case 'error':
      return log.error(
        { exception: asError(event.error), during: event.during, ...left },
        `trouble during ${event.during}`,
      )
    default:
      return event satisfies never
  }
}

function counted(leftOut: number): object {
  return leftOut === 0 ? {} : { leftOut }
}

/** Users throw anything; a log line needs a message and, if there is one, a stack. */
function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`thrown: ${shown(thrown)}`)
}

function shown(thrown: unknown): string {
  try {
    return String(thrown).slice(0, 500)
  } catch {
    return typeof thrown // an object whose toString throws
  }
}
