import { randomBytes } from 'node:crypto'
import type { Bell, Doorbell } from '@agentloom/engine'
import type { ErrorInfo } from '@agentloom/workflow'
import type { BulkJobOptions } from 'bullmq'
import { RedisFullError } from '../connect/errors.ts'
import { redisError } from '../connect/redis-error.ts'
import { groupsOf, type Group } from './groups.ts'
import { jobIdOf } from './job-id.ts'
import type { PoolQueues } from './pool-queues.ts'
import { JOB_BYTES_MAX, type StepJob } from './step-job.ts'

/** Jobs added by one command: some hundred bytes each. */
const BULK_MAX = 250
/**
 * Rings by adding BullMQ jobs. A job is a hint and nothing else: what may be done, the journal says. Bells of one turn of
 * the event loop share jobs when they are many, as a job costs ten times what a short step does.
 */
export class BullmqDoorbell implements Doorbell {
  readonly #queues: PoolQueues
  #turn: { readonly bells: Bell[]; readonly rung: Promise<void> } | null = null

  constructor(queues: PoolQueues) {
    this.#queues = queues
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
    await this.#queues
      .of(bell.queue)
      .add(name, data, { ...opts, jobId: `${opts.jobId}-${randomBytes(4).toString('hex')}` })
  }

  /** Shows a step in back-off as a delayed job. The journal knows when it is due; the job is there to be promoted by hand. */
  async showRetry(bell: Bell, delayMs: number): Promise<void> {
    const { name, data, opts } = jobOf([bell])
    const options = { ...opts, jobId: `${opts.jobId}-retry`, delay: delayMs }
    await this.#queues.of(bell.queue).add(name, { ...data, retry: true }, options)
  }

  #open(): { readonly bells: Bell[]; readonly rung: Promise<void> } {
    const bells: Bell[] = []
    const rung = new Promise<void>((resolve, reject) => {
      process.nextTick(() => {
        this.#turn = null
        this.#addUnlessFull(bells).then(resolve, reject)
      })
    })
    return { bells, rung }
  }

  async #addAll(bells: readonly Bell[]): Promise<void> {
    const [first] = bells
    if (first === undefined) return
    if (bells.every(({ queue }) => queue === first.queue)) return this.#add(first.queue, groupsOf(bells))
    const byPool = Map.groupBy(bells, ({ queue }) => queue)
    await Promise.all([...byPool].map(([pool, own]) => this.#add(pool, groupsOf(own))))
  }

  /** What was decided before stands, also where Redis has become too full for a bell since: the sweeper rings when there is room. */
  async #addUnlessFull(bells: readonly Bell[]): Promise<void> {
    try {
      await this.#addAll(bells)
    } catch (error) {
      if (!(redisError(error) instanceof RedisFullError)) throw error
    }
  }

  async #add(pool: string, groups: readonly Group[]): Promise<void> {
    const [first] = groups
    if (first === undefined) return
    const queue = this.#queues.of(pool)
    const told = this.#queues.tell([pool])
    if (groups.length === 1 || this.#queues.addsOneByOne) {
      await Promise.all(groups.map(jobOf).map(({ name, data, opts }) => queue.add(name, data, opts)))
    } else {
      for (let at = 0; at < groups.length; at += BULK_MAX)
        await queue.addBulk(groups.slice(at, at + BULK_MAX).map(jobOf))
    }
    await told
  }

  /** The same bell once more, as a job of its own. */
  async ringAgain(name: string, job: StepJob, pool: string): Promise<void> {
    const id = jobIdOf({ runId: job.run, stepId: job.step, epoch: job.epoch })
    await this.#queues.of(pool).add(name, job, { jobId: `${id}-${job.tries}`, sizeLimit: JOB_BYTES_MAX })
  }

  /** Shows a step that failed inside of another's job as a failed job of its own. */
  async showFailed(bell: Bell, error: ErrorInfo): Promise<void> {
    const { name, data, opts } = jobOf([bell])
    const reason = `${error.code} ${error.message}`.slice(0, REASON_MAX)
    await this.#queues.of(bell.queue).add(name, { ...data, failed: reason }, { ...opts, jobId: `${opts.jobId}-failed` })
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
