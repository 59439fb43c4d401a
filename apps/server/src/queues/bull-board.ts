import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { FastifyAdapter } from '@bull-board/fastify'
import type { Client } from '@agentloom/bullmq/client'
import type { Logger } from '@agentloom/telemetry'
import { sampler } from '@agentloom/worker/program'
import type { FastifyInstance } from 'fastify'

export const QUEUES_PATH = '/queues'

/**
 * Bull Board with the queues as they are. What is done there by hand cannot harm a run: jobs are doorbells, the journal
 * decides, and what is due is offered again.
 */
export async function addBullBoard(app: FastifyInstance, client: Client, log: Logger): Promise<void> {
  const sampled = sampler<'queue'>(() => performance.now())
  // Without a listener BullMQ writes to stderr itself. The connection is restored by itself, and /readyz tells meanwhile.
  const tell = (error: Error): void =>
    sampled('queue', (leftOut) => log.warn({ error: error.message, leftOut }, 'trouble with Redis'))
  const adapters = new Map<string, BullMQAdapter>()
  const adapterOf = (queue: Awaited<ReturnType<Client['queues']>>[number]): BullMQAdapter => {
    const known = adapters.get(queue.qualifiedName)
    if (known !== undefined) return known
    queue.on('error', tell)
    // Queues of one name lie in every shard.
    const shard = /:(\d+)}$/.exec(queue.opts.prefix ?? '')?.[1] ?? '0'
    const adapter = new BullMQAdapter(queue, shard === '0' ? {} : { prefix: `shard-${shard}-` })
    adapters.set(queue.qualifiedName, adapter)
    return adapter
  }
  const found = async (): Promise<readonly BullMQAdapter[]> => (await client.queues()).map(adapterOf)
  const serverAdapter = new FastifyAdapter().setBasePath(QUEUES_PATH)
  const board = createBullBoard({
    queues: await found(),
    serverAdapter,
    options: { uiConfig: { boardTitle: 'agentloom' } },
  })
  await app.register(
    async (scope) => {
      // A pool has its queue from its first step on.
      scope.addHook('onRequest', async ({ url }) => {
        if (url.includes('/api/queues')) board.setQueues(await found())
      })
      await scope.register(serverAdapter.registerPlugin())
    },
    { prefix: QUEUES_PATH },
  )
}
