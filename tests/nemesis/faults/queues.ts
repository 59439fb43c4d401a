import { setTimeout as sleep } from 'node:timers/promises'
import { STEPS_QUEUE } from '@agentloom/bullmq'
import { type Job, type Queue, Worker } from 'bullmq'
import { pick } from '../random.ts'
import type { World } from '../world.ts'
import type { Fault } from './fault.ts'

const PILE_MIN = 3
const PILE_MS_MAX = 3_000
const POLL_MS = 50
const PAUSE_MS = 2_500
const SERVED_MS_MAX = 5_000
const JOBS_MAX = 1_000
const RESUME_TRIES_MAX = 200

export const duplicate = onPile(
  'job-duplicate',
  'a job was added twice, and both were served',
  async (queue, jobs, { random }) => {
    const job = pick(random, jobs)
    if (job === undefined) return false
    const twin = await queue.add(job.name, job.data, { jobId: `${job.id}-twin` })
    await queue.resume()
    for (let waitedMs = 0; waitedMs < SERVED_MS_MAX; waitedMs += POLL_MS) {
      if (await twin.isCompleted()) return true
      await sleep(POLL_MS)
    }
    return false
  },
)

export const removed = onPile('job-removed', 'a waiting job was removed by hand', async (_, jobs, { random }) => {
  const job = pick(random, jobs)
  await job?.remove()
  return job !== undefined
})

export const failed = onPile('job-failed', 'a job whose step had not begun was failed by hand', async (queue, jobs) => {
  if (jobs.length === 0) return false
  const hand = new Worker(queue.name, undefined, {
    connection: queue.opts.connection,
    prefix: queue.opts.prefix ?? 'bull',
    autorun: false,
  })
  hand.on('error', () => undefined)
  try {
    await queue.resume()
    const job = await hand.getNextJob('hand', { block: false })
    if (job === undefined) return false
    await job.moveToFailed(new Error('failed by hand'), 'hand', false)
    return await job.isFailed()
  } finally {
    await hand.close(true)
  }
})

export const drained = onPile('queue-drain', 'a queue with waiting jobs was drained', async (queue, jobs) => {
  await queue.drain()
  return jobs.length > 0 && (await waiting(queue)).length < jobs.length
})

export const cleaned = onPile('queue-clean', 'waiting jobs were cleaned away', async (queue, jobs) => {
  const gone = await queue.clean(0, JOBS_MAX, 'wait')
  return jobs.length > 0 && gone.length > 0
})

export const obliterated = onPile(
  'queue-obliterate',
  'a queue with waiting jobs was obliterated',
  async (queue, jobs) => {
    await queue.obliterate({ force: true })
    return jobs.length > 0
  },
)

export const paused: Fault = {
  kind: 'queue-pause',
  lane: 'queue',
  effect: 'a queue was paused for 2.5 s, and jobs piled up in it',
  async inject({ client }) {
    const queue = stepsQueue(await client.queues())
    await queue.pause()
    try {
      await sleep(PAUSE_MS)
      return (await waiting(queue)).length > 0
    } finally {
      await resume(queue)
    }
  },
}

/** Lets jobs pile up behind a pause, so that there is something to lay hands on. */
function onPile(
  kind: string,
  effect: string,
  act: (queue: Queue, jobs: readonly Job[], world: World) => Promise<boolean>,
): Fault {
  return {
    kind,
    lane: 'queue',
    effect,
    async inject(world) {
      const queue = stepsQueue(await world.client.queues())
      await queue.pause()
      try {
        return await act(queue, await pile(queue), world)
      } finally {
        await resume(queue)
      }
    },
  }
}

/** Whatever happens to Redis meanwhile. */
async function resume(queue: Queue): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await queue.resume()
      return
    } catch (error) {
      if (tries === RESUME_TRIES_MAX) throw error
      await sleep(POLL_MS)
    }
  }
}

async function pile(queue: Queue): Promise<readonly Job[]> {
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const jobs = await waiting(queue)
    if (jobs.length >= PILE_MIN || waitedMs >= PILE_MS_MAX) return jobs
    await sleep(POLL_MS)
  }
}

async function waiting(queue: Queue): Promise<readonly Job[]> {
  const jobs: (Job | undefined)[] = await queue.getJobs(['wait', 'prioritized'], 0, JOBS_MAX)
  return jobs.filter((job) => job !== undefined) // a listed job may be gone when it is read
}

function stepsQueue(queues: readonly Queue[]): Queue {
  const queue = queues.find(({ name }) => name === STEPS_QUEUE)
  if (queue === undefined) throw new Error(`the client has no queue ${STEPS_QUEUE}`)
  return queue
}
