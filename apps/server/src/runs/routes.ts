import { type Client, newRunId, RedisUnreachableError, RunNotFoundError } from '@agentloom/bullmq/client'
import { DecisionRefusedError, explanationDocument, runDocument, type SignalReply } from '@agentloom/engine'
import { compileYaml, fromPlain, type Plan, writeValue } from '@agentloom/workflow'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { HttpError } from '../http/errors.ts'
import {
  parseCancel,
  parseDecision,
  parseFork,
  parseList,
  parseResume,
  parseRunId,
  parseSignal,
  parseStart,
  type StartBody,
} from './requests.ts'
import { runRow } from './run-row.ts'

/** Names that an error lists. */
const NAMES_SHOWN_MAX = 20

/** Start a run, fork it, read it, list runs, decide its gates, send it signals, pause, resume, cancel it. Give it a scope of its own: its hook is for these pages only. */
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
    const { status, since, workflow, limit } = parseList(query)
    const headers = await client.list({
      limit,
      ...(status !== undefined && { statuses: status }),
      ...(since !== undefined && { sinceMs: since }),
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

  app.get('/runs/:id/explain', async ({ params }, reply) => {
    const runId = parseRunId(params)
    const explanation = await client.explain(runId)
    if (explanation === null) throw new RunNotFoundError(runId)
    return send(reply, JSON.stringify(explanationDocument(explanation)))
  })

  app.post('/runs/:id/cancel', async ({ params, body }, reply) => {
    const runId = parseRunId(params)
    const { reason = 'cancelled over HTTP' } = parseCancel(body)
    const { isDone, status } = await client.cancel(runId, reason)
    if (status === null) throw new RunNotFoundError(runId)
    return send(reply, writeValue({ run_id: runId, status, cancelled: isDone }))
  })

  app.post('/runs/:id/pause', async ({ params, body }, reply) => {
    const runId = parseRunId(params)
    const { reason = 'paused over HTTP' } = parseCancel(body)
    const { isDone, status } = await client.pause(runId, reason)
    if (status === null) throw new RunNotFoundError(runId)
    return send(reply, writeValue({ run_id: runId, status, paused: isDone }))
  })

  app.post('/runs/:id/resume', async ({ params, body }, reply) => {
    const runId = parseRunId(params)
    const { decisions = {}, budget_usd: budgetUsd, by = null, reason = 'resumed over HTTP' } = parseResume(body)
    const { outcome, status } = await client.resume(runId, {
      reason,
      by,
      decisions: Object.entries(decisions).map(([path, decision]) => ({ path, decision })),
      ...(budgetUsd !== undefined && { budgetNanoUsd: Math.round(budgetUsd * NANO_PER_USD) }),
    })
    if (status === null) throw new RunNotFoundError(runId)
    if (outcome === 'refused')
      throw new HttpError(409, 'run/over', `the run cannot be resumed: it is ${status}`, { place: runId })
    return send(reply, writeValue({ run_id: runId, resumed: outcome === 'resumed', status_before: status }))
  })

  app.post('/runs/:id/fork', async ({ params, body }, reply) => {
    const { from, state = {}, workflow, yaml, id = newRunId(), check = false } = parseFork(body)
    const plan = workflow === undefined && yaml === undefined ? {} : { plan: planOf({ workflow, yaml }, workflows) }
    const values = Object.fromEntries(Object.entries(state).map(([key, value]) => [key, fromPlain(value)]))
    const fork = { runId: id, from, state: values, isCheck: check, ...plan }
    const { kept, again } = await client.fork(parseRunId(params), fork)
    if (!check) void reply.code(201).header('location', `/runs/${id}`)
    return send(reply, writeValue({ run_id: check ? null : id, kept: [...kept], again: [...again] }))
  })

  app.post('/runs/:id/decisions', async ({ params, body }, reply) => {
    const runId = parseRunId(params)
    const { gate: path = null, decision, by = null } = parseDecision(body)
    const decided = await client.decide(runId, { path, decision, by })
    if (decided.outcome === 'refused') {
      if (decided.reason === 'unknown-run') throw new RunNotFoundError(runId)
      throw new DecisionRefusedError(runId, path, decided)
    }
    return send(reply, writeValue({ run_id: runId, gate: decided.path, decision }))
  })

  app.post('/runs/:id/signals', async ({ params, body }, reply) => {
    const runId = parseRunId(params)
    const { name, payload = null } = parseSignal(body)
    const kept = await client.signal(runId, name, payload)
    if (kept.outcome === 'refused') throw signalRefusal(runId, kept.reason)
    return send(reply, writeValue({ run_id: runId, signal: name, changed: kept.isNew }))
  })
}

const NANO_PER_USD = 1e9

function signalRefusal(runId: string, reason: Extract<SignalReply, { outcome: 'refused' }>['reason']): Error {
  if (reason === 'unknown-run') return new RunNotFoundError(runId)
  return reason === 'run-over'
    ? new HttpError(409, 'run/over', 'the run takes no signals: it is over', { place: runId })
    : new HttpError(409, 'run/signal-refused', 'the run got a signal of this name before, with another payload', {
        place: runId,
        help: 'the first one stays; give another name',
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
