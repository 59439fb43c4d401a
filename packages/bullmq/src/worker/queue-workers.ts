import { DelayedError, Worker, type Job } from 'bullmq'
import type { RedisLink } from '../connect/link.ts'
import { RUNS_QUEUE, stepsQueueOf, type Keys } from '../keys.ts'
import { SharedLoad } from './shared-load.ts'
import type { Delivered, Served } from './steps.ts'
import { removeWrecks, type Wreck } from './wrecks.ts'

export interface QueueWorkerOptions {
  readonly redis: RedisLink
  /** Of the shards whose steps are taken. */
  readonly shards: readonly Keys[]
  /** Where runs to be started are taken from; null: nowhere. */
  readonly starts: Keys | null
  readonly worker: string
  readonly concurrency: number
  /** Whose steps are taken. */
  readonly pools: readonly string[]
  readonly onError: (error: unknown) => void
  readonly onWreck: (queue: string, wreck: Wreck) => void
}

export interface Serving {
  /** @param onExtraWalks to be told of walks beside the job's own, and (a negative number) of their end */
  readonly steps: (job: Delivered, onExtraWalks: (count: number) => void) => Promise<Served>
  readonly runs: (job: Delivered) => Promise<{ readonly runId: string } | 'put-back'>
}

/** BullMQ's own recovery matters only for jobs fetched by a worker that died before its claim: seconds are soon enough. */
const LOCK_MS = 10_000
const STALLED_CHECK_MS = 5_000
/** A worker that dies again and again must not make BullMQ fail a job that never ran: what may run is the journal's matter. */
const STALLED_MAX = Number.MAX_SAFE_INTEGER
/** Finished jobs kept for people to look at in Bull Board. */
const KEEP_STEPS = { completed: 50, failed: 500 }
/** Kept longer: who started a run by a job finds its id in the job's result. */
const KEEP_STARTS = { completed: 1_000, failed: 500 }
/** Starting is one script and a bell; more at once only wait in line. */
const STARTS_CONCURRENCY = 16

/** The workers of all queues, listening when this resolves. */
export async function openWorkers(options: QueueWorkerOptions, serving: Serving): Promise<readonly Worker[]> {
  const { concurrency, pools, shards, starts } = options
  const load = new SharedLoad(concurrency)
  const places = shards.flatMap((keys) => pools.map((pool) => ({ keys, queue: stepsQueueOf(pool) })))
  const workers = places.map(({ keys, queue }) => {
    const share = load.share((jobsMax) => {
      steps.concurrency = jobsMax
    })
    const serve = async (job: Job<unknown>, token: string | undefined): Promise<void> => {
      share.begin()
      try {
        const served = await serving.steps(job, (count) => share.walks(count))
        if (served === 'put-back') await putBack(job, token)
      } finally {
        share.end()
      }
    }
    const steps: Worker = openWorker({ ...options, keys, keep: KEEP_STEPS }, queue, serve)
    return steps
  })
  if (starts !== null) {
    const more = { ...options, keys: starts, keep: KEEP_STARTS, concurrency: STARTS_CONCURRENCY }
    const serve = async (job: Job<unknown>, token: string | undefined): Promise<unknown> => {
      const served = await serving.runs(job)
      return served === 'put-back' ? putBack(job, token) : served
    }
    workers.push(openWorker(more, RUNS_QUEUE, serve))
  }
  await Promise.all(workers.map((one) => one.waitUntilReady()))
  return workers
}

interface OneQueue extends QueueWorkerOptions {
  readonly keys: Keys
  readonly keep: { readonly completed: number; readonly failed: number }
}

function openWorker(
  { redis, keys, keep, worker, concurrency, onError, onWreck }: OneQueue,
  queue: string,
  serve: (job: Job<unknown>, token: string | undefined) => Promise<unknown>,
): Worker {
  const opened = new Worker(queue, (job: Job<unknown>, token) => serve(job, token), {
    connection: redis,
    prefix: keys.bullPrefix,
    name: worker,
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: STALLED_MAX,
    removeOnComplete: { count: keep.completed },
    removeOnFail: { count: keep.failed },
  })
  const removeAll = async (): Promise<void> => {
    for (const wreck of await removeWrecks(redis, (name) => opened.toKey(name))) onWreck(queue, wreck)
  }
  opened.on('error', (error) => {
    onError(error)
    if (error instanceof SyntaxError) removeAll().catch(onError) // a job that BullMQ cannot read, and does not name
  })
  return opened
}

const PUT_BACK_MIN_MS = 500
const PUT_BACK_MAX_MS = 10_000

/**
 * Leaves a job to a worker that knows its version, or to a better moment, ever more rarely.
 * @throws {DelayedError} which tells BullMQ that it was done
 */
async function putBack(job: Job<unknown>, token: string | undefined): Promise<never> {
  const atMostMs = Math.min(PUT_BACK_MAX_MS, PUT_BACK_MIN_MS * 2 ** Math.min(job.attemptsStarted, 10))
  await job.moveToDelayed(Date.now() + atMostMs * (0.5 + Math.random() / 2), token)
  throw new DelayedError()
}
