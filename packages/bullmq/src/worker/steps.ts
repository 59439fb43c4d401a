import { NoDefinitionError, Walker, type EngineEvent, type Offer, type WalkerParts } from '@agentloom/engine'
import { AgentloomError, type ErrorInfo } from '@agentloom/workflow'
import type { BullmqDoorbell } from '../doorbell/bullmq-doorbell.ts'
import { parseStepJob, type StepJob } from '../doorbell/step-job.ts'
import { STEPS_QUEUE } from '../keys.ts'
import type { WorkerEvent } from './events.ts'
import { JobFailure } from './job-failure.ts'
import type { RingAgain } from './ring-again.ts'

export interface StepsParts {
  readonly walker: WalkerParts
  readonly doorbell: BullmqDoorbell
  readonly ringAgain: RingAgain
  readonly emit: (event: WorkerEvent) => void
}

/** What is needed of a BullMQ job. */
export interface Delivered {
  readonly id?: string | undefined
  readonly name: string
  readonly data: unknown
  readonly timestamp: number
}

/** `put-back`: another worker may know what to do with the job. */
export type Served = 'done' | 'put-back'

type StepFailed = Extract<EngineEvent, { kind: 'step-failed' }>

/**
 * Serves one delivery of a step job. What it throws is what BullMQ and Bull Board show of the job, and nothing is
 * decided by it: a job that is lost, doubled, late or wrecked costs time only.
 * @throws {JobFailure}
 */
export async function serveStepJob(parts: StepsParts, delivered: Delivered): Promise<Served> {
  const parsed = parseStepJob(delivered.data)
  const jobId = delivered.id ?? null
  switch (parsed.kind) {
    case 'malformed':
      parts.emit({ kind: 'job-malformed', queue: STEPS_QUEUE, jobId, problem: parsed.problem })
      throw new JobFailure('job/malformed', parsed.problem)
    case 'newer':
      parts.emit({ kind: 'job-newer', queue: STEPS_QUEUE, jobId, version: parsed.version })
      return 'put-back'
    case 'job':
      return serve(parts, delivered.name, parsed.job)
    default:
      return parsed satisfies never
  }
}

async function serve(parts: StepsParts, name: string, job: StepJob): Promise<Served> {
  if (job.failed !== undefined) throw new JobFailure(null, job.failed)
  const offer: Offer = { runId: job.run, stepId: job.step, epoch: job.epoch }
  const failed: StepFailed[] = []
  try {
    const result = await walkerOf(parts, failed).serve(offer, job.definition ?? null)
    if (result === 'no-handler') parts.ringAgain.later(name, job)
    if (result === 'refused') parts.emit({ kind: 'bell-late', runId: offer.runId, stepId: offer.stepId })
  } catch (error) {
    if (error instanceof NoDefinitionError && (await parts.walker.journal.header(offer.runId)) === null) {
      parts.emit({ kind: 'bell-late', runId: offer.runId, stepId: offer.stepId }) // the run has left Redis, and all that was its
      return 'done'
    }
    parts.emit({ kind: 'error', during: 'serve', error })
    throw error instanceof AgentloomError
      ? new JobFailure(error.code, error.message)
      : new JobFailure('worker/error', String(error))
  }
  for (const one of failed) if (one.stepId !== offer.stepId) await showFailed(parts, job, one)
  const own = failed.find(({ stepId }) => stepId === offer.stepId)
  if (own !== undefined) throw new JobFailure(own.error.code, own.error.message)
  return 'done'
}

/** A walker that also notes which steps failed for good on this walk. */
function walkerOf({ walker }: StepsParts, failed: StepFailed[]): Walker {
  const { executors } = walker
  const observe = (event: EngineEvent): void => {
    if (event.kind === 'step-failed' && event.retryInMs === null) failed.push(event)
    executors.observe(event)
  }
  return new Walker({ ...walker, executors: { ...executors, observe } })
}

async function showFailed(
  { doorbell, walker, emit }: StepsParts,
  job: StepJob,
  { runId, stepId, error }: { readonly runId: string; readonly stepId: string; readonly error: ErrorInfo },
): Promise<void> {
  const definition = job.definition ?? ''
  try {
    const { name: workflow } = await walker.plans.get(definition)
    await doorbell.showFailed({ runId, stepId, epoch: job.epoch, workflow, definition, priority: 0 }, error)
  } catch (shown) {
    emit({ kind: 'error', during: 'queue', error: shown })
  }
}
