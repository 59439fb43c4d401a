// R: raw BullMQ. Each step is a job; who has done one adds the next. Nothing is lost when the process dies between the two, but a
// step may be done twice. The end of a run is seen in the worker, which is the cheapest way there is.

import { Queue, Worker } from 'bullmq'
import { connectionOf } from './connection.ts'
import { CONCURRENCY, type LoadKind } from './load.ts'
import { Waiting } from './waiting.ts'

interface StepData {
  readonly run: number
  readonly step: number
  readonly length: number
}

export const jobPerStep: LoadKind = {
  key: 'job-per-step',
  title: 'R  BullMQ, a job per step',
  store: 'redis',
  async open({ redis }) {
    const connection = connectionOf(redis)
    const queue = new Queue<StepData>('steps', { connection })
    const waiting = new Waiting()
    const worker = new Worker<StepData>(
      'steps',
      async ({ data: { run, step, length } }) => {
        if (step + 1 < length) await queue.add('step', { run, step: step + 1, length }, { removeOnComplete: true })
      },
      { connection, concurrency: CONCURRENCY },
    )
    worker.on('completed', ({ data: { run, step, length } }) => {
      if (step + 1 === length) waiting.done(run)
    })
    await worker.waitUntilReady()
    return {
      async run(length) {
        const { id, ended } = waiting.next()
        await queue.add('step', { run: id, step: 0, length }, { removeOnComplete: true })
        await ended
      },
      async close() {
        await worker.close()
        await queue.close()
      },
    }
  },
}
