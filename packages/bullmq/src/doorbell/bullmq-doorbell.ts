import { randomBytes } from 'node:crypto'
import type { Bell, Doorbell } from '@agentloom/engine'
import type { ErrorInfo } from '@agentloom/workflow'
import { Queue, type BulkJobOptions } from 'bullmq'
import type { Redis } from 'ioredis'
import { RUNS_QUEUE, STEPS_QUEUE, type Keys } from '../keys.ts'
import { groupsOf, type Group } from './groups.ts'
import { jobIdOf } from './job-id.ts'
import { JOB_BYTES_MAX, type StepJob } from './step-job.ts'

/** Jobs added by one command: some hundred bytes each. */
const BULK_MAX = 250
/** BullMQ's own stream of queue events, of which only Bull Board makes use. */
const EVENTS_MAX = 1_000

export interface Queues {
  readonly steps: Queue
  readonly runs: Queue
}

export function openQueues(redis: Redis, keys: Keys): Queues {
  const options = { connection: redis, prefix: keys.bullPrefix, streams: { events: { maxLen: EVENTS_MAX } } }
  return { steps: new Queue(STEPS_QUEUE, options), runs: new Queue(RUNS_QUEUE, options) }
}

export async function closeQueues({ steps, runs }: Queues): Promise<void> {
  await Promise.all([steps.close(), runs.close()])
}

/**
 * Rings by adding BullMQ jobs. A job is a hint and nothing else: what may be done, the journal says. Bells of one turn of
 * the event loop share jobs when they are many, as a job costs ten times what a short step does.
 */
export class BullmqDoorbell implements Doorbell {
  readonly #queue: Queue
  #turn: { readonly bells: Bell[]; readonly rung: Promise<void> } | null = null

  constructor(queue: Queue) {
    this.#queue = queue
  }

  ring(bells: readonly Bell[]): Promise<void> {
    if (bells.length === 0) return Promise.resolve()
    this.#turn ??= this.#open()
    for (const bell of bells) this.#turn.bells.push(bell)
    return this.#turn.rung
  }

  /** A bell that was rung before, in a job of its own, whatever else is rung. */
  async ringOnce(bell: Bell): Promise<void> {
    const { name, data, opts } = jobOf([bell])
    await this.#queue.add(name, data, { ...opts, jobId: `${opts.jobId}-${randomBytes(4).toString('hex')}` })
  }

  #open(): { readonly bells: Bell[]; readonly rung: Promise<void> } {
    const bells: Bell[] = []
    const rung = new Promise<void>((resolve, reject) => {
      process.nextTick(() => {
        this.#turn = null
        this.#add(groupsOf(bells)).then(resolve, reject)
      })
    })
    return { bells, rung }
  }

  async #add(groups: readonly Group[]): Promise<void> {
    const [first] = groups
    if (first === undefined) return
    if (groups.length === 1) {
      const { name, data, opts } = jobOf(first)
      await this.#queue.add(name, data, opts)
      return
    }
    for (let at = 0; at < groups.length; at += BULK_MAX)
      await this.#queue.addBulk(groups.slice(at, at + BULK_MAX).map(jobOf))
  }

  /** The same bell once more, as a job of its own. */
  async ringAgain(name: string, job: StepJob): Promise<void> {
    const id = jobIdOf({ runId: job.run, stepId: job.step, epoch: job.epoch })
    await this.#queue.add(name, job, { jobId: `${id}-${job.tries}`, sizeLimit: JOB_BYTES_MAX })
  }

  /** Shows a step that failed inside of another's job as a failed job of its own. */
  async showFailed(bell: Bell, error: ErrorInfo): Promise<void> {
    const { name, data, opts } = jobOf([bell])
    const reason = `${error.code} ${error.message}`.slice(0, REASON_MAX)
    await this.#queue.add(name, { ...data, failed: reason }, { ...opts, jobId: `${opts.jobId}-failed` })
  }
}

/** Room for a reason beside the ids in a job's data. */
const REASON_MAX = 1_000

function jobOf([first, ...more]: Group): { name: string; data: StepJob; opts: BulkJobOptions & { jobId: string } } {
  const { workflow, definition, priority } = first
  const names = `${workflow} · ${first.stepId}`
  const data: StepJob = { v: 1, ...bellIn(first), definition }
  return {
    name: more.length === 0 ? names : `${names} and ${more.length} more`,
    data: more.length === 0 ? data : { ...data, more: more.map(bellIn) },
    opts:
      priority === 0
        ? { jobId: jobIdOf(first), sizeLimit: JOB_BYTES_MAX }
        : { jobId: jobIdOf(first), sizeLimit: JOB_BYTES_MAX, priority },
  }
}

function bellIn({ runId, stepId, epoch }: Bell): { run: string; step: string; epoch: number } {
  return { run: runId, step: stepId, epoch }
}
