// F: BullMQ's own way to chain jobs. The whole chain is added at once, as a parent of a parent of a parent.

import { FlowProducer, Worker, type FlowJob } from 'bullmq'
import { connectionOf } from './connection.ts'
import { CONCURRENCY, type LoadKind } from './load.ts'
import { Waiting } from './waiting.ts'

interface StepData {
  readonly run: number
  readonly isLast: boolean
}

/** It goes down a flow by recursion: at 5,000 levels the stack overflows on most tries, or the process dies of it. */
const STEPS_MAX = 1_000

export const flowProducer: LoadKind = {
  key: 'flow-producer',
  title: 'F  BullMQ, FlowProducer chain',
  store: 'redis',
  stepsMax: STEPS_MAX,
  async open({ redis }) {
    const connection = connectionOf(redis)
    const flows = new FlowProducer({ connection })
    const waiting = new Waiting()
    const worker = new Worker<StepData>('flows', async () => null, { connection, concurrency: CONCURRENCY })
    worker.on('completed', ({ data: { run, isLast } }) => {
      if (isLast) waiting.done(run)
    })
    await worker.waitUntilReady()
    return {
      async run(length) {
        const { id, ended } = waiting.next()
        await flows.add(chainOf(id, length))
        await ended
      },
      async close() {
        await worker.close()
        await flows.close()
      },
    }
  },
}

function chainOf(run: number, length: number): FlowJob {
  const opts = { removeOnComplete: true }
  let chain: FlowJob | null = null
  for (let step = 0; step < length; step += 1) {
    const data: StepData = { run, isLast: step + 1 === length }
    chain = { name: 'step', queueName: 'flows', data, opts, ...(chain === null ? {} : { children: [chain] }) }
  }
  if (chain === null) throw new Error('a chain has a step at least')
  return chain
}
