import { startWorkerRuntime } from '@agentloom/bullmq'
import { createProducer } from '@agentloom/producer'
import { Chains, executorsIn } from './chain.ts'
import { CONCURRENCY, type LoadKind } from './load.ts'

export const agentloomBullmq: LoadKind = {
  key: 'agentloom-bullmq',
  title: 'agentloom on BullMQ',
  store: 'redis',
  async open({ redis, folder }) {
    const chains = new Chains()
    const worker = await startWorkerRuntime({ redis, executors: executorsIn(folder), concurrency: CONCURRENCY })
    const producer = createProducer({ redis })
    return {
      async run(length) {
        const run = await producer.start(chains.of(length))
        const { outputs } = await run.result()
        if (Object.keys(outputs).length > length) throw new Error(`run ${run.id} has outputs of foreign steps`)
      },
      async close() {
        await producer.close()
        await worker.close()
      },
    }
  },
}
