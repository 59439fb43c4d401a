import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { FastifyAdapter } from '@bull-board/fastify'
import type { Client } from '@agentloom/bullmq/client'
import type { FastifyInstance } from 'fastify'

export const QUEUES_PATH = '/queues'

/**
 * Bull Board with the queues as they are. What is done there by hand cannot harm a run: jobs are doorbells, the journal
 * decides, and what is due is offered again.
 */
export async function addBullBoard(app: FastifyInstance, client: Client): Promise<void> {
  const serverAdapter = new FastifyAdapter().setBasePath(QUEUES_PATH)
  createBullBoard({
    queues: client.queues().map((queue) => new BullMQAdapter(queue)),
    serverAdapter,
    options: { uiConfig: { boardTitle: 'agentloom' } },
  })
  await app.register(serverAdapter.registerPlugin(), { prefix: QUEUES_PATH })
}
