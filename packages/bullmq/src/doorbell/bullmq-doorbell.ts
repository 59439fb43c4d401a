import type { Bell, Doorbell } from '@agentloom/engine'
import type { ErrorInfo } from '@agentloom/workflow'
import { Queue, type BulkJobOptions } from 'bullmq'
import type { Redis } from 'ioredis'
import { RUNS_QUEUE, STEPS_QUEUE, type Keys } from '../keys.ts'
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

/** Rings by adding BullMQ jobs. A job is a hint and nothing else: what may be done, the journal says. */
export class BullmqDoorbell implements Doorbell {
  readonly #queue: Queue

  constructor(queue: Queue) {
    this.#queue = queue
  }

  async ring(bells: readonly Bell[]): Promise<void> {
    const [first] = bells
    if (first === undefined) return
    if (bells.length === 1) {
      const { name, data, opts } = jobOf(first)
      await this.#queue.add(name, data, opts)
      return
    }
    for (let at = 0; at < bells.length; at += BULK_MAX)
      await this.#queue.addBulk(bells.slice(at, at + BULK_MAX).map(jobOf))
  }

  /** The same bell once more, as a job of its own. */
  async ringAgain(name: string, job: StepJob): Promise<void> {
    const id = jobIdOf({ runId: job.run, stepId: job.step, epoch: job.epoch })
    await this.#queue.add(name, job, { jobId: `${id}-${job.tries}`, sizeLimit: JOB_BYTES_MAX })
  }

  /** Shows a step that failed inside of another's job as a failed job of its own. */
  async showFailed(bell: Bell, error: ErrorInfo): Promise<void> {
    const { name, data, opts } = jobOf(bell)
    const reason = `${error.code} ${error.message}`.slice(0, REASON_MAX)
    await this.#queue.add(name, { ...data, failed: reason }, { ...opts, jobId: `${opts.jobId}-failed` })
  }
}

/** Room for a reason beside the ids in a job's data. */
const REASON_MAX = 1_000

function jobOf(bell: Bell): { name: string; data: StepJob; opts: BulkJobOptions & { jobId: string } } {
  const { runId, stepId, epoch, workflow, definition, priority } = bell
  return {
    name: `${workflow} · ${stepId}`,
    data: { v: 1, run: runId, step: stepId, epoch, definition },
    opts:
      priority === 0
        ? { jobId: jobIdOf(bell), sizeLimit: JOB_BYTES_MAX }
        : { jobId: jobIdOf(bell), sizeLimit: JOB_BYTES_MAX, priority },
  }
}
