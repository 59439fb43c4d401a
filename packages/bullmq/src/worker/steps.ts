import {
  bellOf,
  NoDefinitionError,
  retryStep,
  Walker,
  type EngineEvent,
  type Offer,
  type Places,
  type WalkerParts,
} from '@agentloom/engine'
import { AgentloomError } from '@agentloom/workflow'
import { parseStepJob, type StepJob } from '../doorbell/step-job.ts'
import { poolOfQueue } from '../keys.ts'
import type { ShardedDoorbell } from '../shards/sharded-doorbell.ts'
import type { WorkerEvent } from './events.ts'
import { JobFailure } from './job-failure.ts'
import type { NoHandler } from './no-handler.ts'
import type { RingAgain } from './ring-again.ts'

export interface StepsParts {
  readonly walker: WalkerParts
  readonly doorbell: ShardedDoorbell
  readonly ringAgain: RingAgain
  readonly noHandler: Pick<NoHandler, 'missed'>
  readonly places: Places
  /** A job brought walks beside its own, or (a negative number) they are over: fewer jobs are wanted, or more. */
  readonly onExtraWalks: (count: number) => void
  readonly emit: (event: WorkerEvent) => void
}

/** What is needed of a BullMQ job. */
export interface Delivered {
  readonly id?: string | undefined
  readonly name: string
  readonly data: unknown
  readonly timestamp: number
  readonly queueName: string
  readonly opts?: { readonly priority?: number | undefined; readonly delay?: number | undefined }
  /** How often it has ended. */
  readonly attemptsMade?: number
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
      parts.emit({ kind: 'job-malformed', queue: delivered.queueName, jobId, problem: parsed.problem })
      throw new JobFailure('job/malformed', parsed.problem)
    case 'newer':
      parts.emit({ kind: 'job-newer', queue: delivered.queueName, jobId, version: parsed.version })
      return 'put-back'
    case 'job':
      return serve(parts, delivered, parsed.job)
    default:
      return parsed satisfies never
  }
}

async function serve(parts: StepsParts, delivered: Delivered, job: StepJob): Promise<Served> {
  if (isRetriedByHand(delivered) && (await reopened(parts, job))) return 'done'
  if (job.failed !== undefined) throw new JobFailure(null, job.failed)
  const { more = [] } = job
  const walks: Walks = { parts, delivered, job, isShared: more.length > 0 }
  parts.onExtraWalks(more.length)
  const extra = more.map((bell) => walkInPlace(walks, bell).finally(() => parts.onExtraWalks(-1)))
  const results = await Promise.allSettled([walkInPlace(walks, job), ...extra])
  for (const result of results) if (result.status === 'rejected') throw result.reason
  return 'done'
}

/** A job that has ended comes again only where somebody has pressed *Retry*; one that was lost or put back has not ended. */
function isRetriedByHand({ attemptsMade = 0 }: Delivered): boolean {
  return attemptsMade > 0
}

async function reopened({ walker }: StepsParts, { run, step }: StepJob): Promise<boolean> {
  return (await retryStep(walker, run, step, 'retried on the queue')) === 'reopened'
}

/** By the clock of whoever promotes delayed jobs when their time has come; earlier it was a human. */
function isPromotedByHand({ timestamp, opts }: Delivered): boolean {
  return Date.now() < timestamp + (opts?.delay ?? 0) - PROMOTED_EARLY_MS
}

/** What BullMQ's own timers and small differences of clocks do not explain. */
const PROMOTED_EARLY_MS = 500

interface Walks {
  readonly parts: StepsParts
  readonly delivered: Delivered
  readonly job: StepJob
  /** The job rings for other steps, too: it then succeeds, and what failed is shown by jobs of its own. */
  readonly isShared: boolean
}

type JobBell = Pick<StepJob, 'run' | 'step' | 'epoch'>

/** Other workers may have places sooner than this one. */
const WAIT_MS_MAX = 250

async function walkInPlace(walks: Walks, bell: JobBell): Promise<void> {
  const { places } = walks.parts
  if (places.take() || (await places.wait(WAIT_MS_MAX))) await walk(walks, bell)
  else await handBack(walks, bell)
}

function handBack({ parts, delivered, job }: Walks, { run, step, epoch }: JobBell): Promise<void> {
  const workflow = delivered.name.split(' · ')[0] ?? ''
  const bell = { runId: run, stepId: step, epoch, workflow, definition: job.definition ?? '' }
  const [priority, queue] = [delivered.opts?.priority ?? 0, poolOfQueue(delivered.queueName)]
  return parts.doorbell.ringOnce({ ...bell, priority, queue })
}

/** Walks from a place that was taken, and gives it back. */
async function walk(walks: Walks, bell: JobBell): Promise<void> {
  const { parts, delivered, job, isShared } = walks
  const offer: Offer = { runId: bell.run, stepId: bell.step, epoch: bell.epoch }
  const failed: StepFailed[] = []
  try {
    const isRushed = job.retry === true && isPromotedByHand(delivered)
    const result = await walkerOf(parts, failed).serve(offer, job.definition ?? null, isRushed)
    const pool = poolOfQueue(delivered.queueName)
    const isElsewhere =
      result === 'no-handler' && (await parts.noHandler.missed(offer, job.definition ?? null, pool)) === 'elsewhere'
    if (isElsewhere)
      parts.ringAgain.later(delivered.name, { ...bell, v: job.v, definition: job.definition, tries: job.tries }, pool)
    if (result === 'refused') parts.emit({ kind: 'bell-late', runId: offer.runId, stepId: offer.stepId })
  } catch (error) {
    if (error instanceof NoDefinitionError && (await parts.walker.journal.header(offer.runId)) === null) {
      parts.emit({ kind: 'bell-late', runId: offer.runId, stepId: offer.stepId }) // the run has left Redis, and all that was its
      return
    }
    parts.emit({ kind: 'error', during: 'serve', error })
    throw error instanceof AgentloomError
      ? new JobFailure(error.code, error.message)
      : new JobFailure('worker/error', String(error))
  } finally {
    parts.places.leave()
  }
  const forGood = failed.filter(({ retryInMs }) => retryInMs === null)
  const own = isShared
    ? undefined
    : forGood.find(({ runId, stepId }) => runId === offer.runId && stepId === offer.stepId)
  for (const one of failed) if (one !== own) await show(parts, { ...bell, definition: job.definition }, one)
  if (own !== undefined) throw new JobFailure(own.error.code, own.error.message)
}

/** A walker that also notes which steps failed on this walk. */
function walkerOf({ walker }: StepsParts, failed: StepFailed[]): Walker {
  const { executors } = walker
  const observe = (event: EngineEvent): void => {
    if (event.kind === 'step-failed') failed.push(event)
    executors.observe(event)
  }
  return new Walker({ ...walker, executors: { ...executors, observe } })
}

/** Back-offs shorter than this are over before anybody has seen them. */
const SHOWN_RETRY_MS = 1_000

/** What failed inside of this job as a job of its own: failed where it was for good, else delayed until it is tried again. */
async function show(
  { doorbell, walker, emit }: StepsParts,
  { run, epoch, ...job }: Pick<StepJob, 'run' | 'epoch' | 'definition'>,
  { runId, stepId, error, retryInMs }: StepFailed,
): Promise<void> {
  if (retryInMs !== null && retryInMs < SHOWN_RETRY_MS) return
  try {
    const isOther = runId !== run // whose turn it was
    const definition = isOther ? (await walker.journal.header(runId))?.definition : job.definition
    const plan = await walker.plans.get(definition ?? '')
    const bell = { ...bellOf(plan, { runId, stepId, epoch }, 0), priority: 0 }
    if (retryInMs === null) await doorbell.showFailed(bell, error)
    else await doorbell.showRetry(bell, retryInMs)
  } catch (shown) {
    emit({ kind: 'error', during: 'queue', error: shown })
  }
}
