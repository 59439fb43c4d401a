import { type Client, newRunId, RedisUnreachableError, RunNotFoundError } from '@agentloom/bullmq/client'
import { runDocument } from '@agentloom/engine'
import { compileYaml, type Plan, writeValue } from '@agentloom/workflow'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { HttpError } from '../http/errors.ts'
import { parseCancel, parseList, parseRunId, parseStart, type StartBody } from './requests.ts'
import { runRow } from './run-row.ts'

/** Names that an error lists. */
const NAMES_SHOWN_MAX = 20

/** Start a run, read it, list runs, cancel one. Give it a scope of its own: its hook is for these pages only. */
export function addRunRoutes(app: FastifyInstance, client: Client, workflows: ReadonlyMap<string, Plan>): void {
  // Commands wait for a Redis that is away, and would be carried out long after their senders have gone.
  app.addHook('preHandler', async () => {
    if (!client.isReady()) throw new RedisUnreachableError('redis', 'the connection is being restored')
  })

  app.post('/runs', async ({ body }, reply) => {
    const { workflow, yaml, id = newRunId(), input, tenant, priority, tags } = parseStart(body)
    const plan = planOf({ workflow, yaml }, workflows)
    const { outcome } = await client.start(plan, {
      runId: id,
      ...(input !== undefined && { input }),
      ...(tenant !== undefined && { tenant }),
      ...(priority !== undefined && { priority }),
      ...(tags !== undefined && { tags }),
    })
    void reply.code(outcome === 'started' ? 201 : 200).header('location', `/runs/${id}`)
    return send(reply, writeValue({ run_id: id, workflow: plan.name, outcome }))
  })

  app.get('/runs', async ({ query }, reply) => {
    const { status, workflow, limit } = parseList(query)
    const headers = await client.list({
      limit,
      ...(status !== undefined && { status }),
      ...(workflow !== undefined && { workflow }),
    })
    return send(reply, writeValue({ runs: headers.map(runRow) }))
  })

  app.get('/runs/:id', async ({ params }, reply) => {
    const runId = parseRunId(params)
    const view = await client.view(runId)
    if (view === null) throw new RunNotFoundError(runId)
    return send(reply, writeValue(runDocument(view)))
  })

  app.post('/runs/:id/cancel', async ({ params, body }, reply) => {
    const runId = parseRunId(params)
    const { reason = 'cancelled over HTTP' } = parseCancel(body)
    const { isDone, status } = await client.cancel(runId, reason)
    if (status === null) throw new RunNotFoundError(runId)
    return send(reply, writeValue({ run_id: runId, status, cancelled: isDone }))
  })
}

function planOf({ workflow, yaml }: Pick<StartBody, 'workflow' | 'yaml'>, workflows: ReadonlyMap<string, Plan>): Plan {
  if (yaml !== undefined) return compileYaml(yaml).plan
  const plan = workflows.get(workflow ?? '')
  if (plan !== undefined) return plan
  const names = [...workflows.keys()].slice(0, NAMES_SHOWN_MAX)
  const help =
    names.length === 0
      ? 'start the server with --workflows FOLDER, or send the text as yaml'
      : `known are: ${names.join(', ')}`
  throw new HttpError(422, 'run/unknown-workflow', 'the server has no workflow of that name', {
    place: '$.workflow',
    help,
  })
}

function send(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(text)
}
