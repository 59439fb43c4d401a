import { resolve } from 'node:path'
import { NoHandlerError, RunNotFoundError } from '@agentloom/embedded'
import { ForkError, newRunId, type ForkReply } from '@agentloom/engine'
import type { Plan, Value } from '@agentloom/workflow'
import { loadHandlers } from '@agentloom/worker/program'
import { placeOptionsOf, refuseWith } from '../command-line/place-option.ts'
import { stateFromPairs } from '../command-line/state-pairs.ts'
import { surroundingsOf, type Surroundings } from '../command-line/surroundings.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import { printable } from '../terminal/printable.ts'
import { changedPlan } from '../workflow-file/changed.ts'
import { checkedRunId } from './checked-run-id.ts'
import type { Ending } from './ending.ts'
import { existsHome } from './home.ts'
import { connect, watchToItsEnd } from './in-redis.ts'
import { notFound } from './not-found.ts'
import { placeOf, type Place } from './place.ts'
import { planOf } from './plan-of.ts'
import { checkServed, gatewayFor } from './providers.ts'
import { readSession, writeSession } from './session.ts'
import { openStage } from './stage.ts'
import { begun, seeToItsEnd } from './start-embedded.ts'
import { Stopper } from './stopper.ts'
import { viewFor } from './watch.ts'

export interface ForkOptions {
  readonly from: string
  readonly state?: readonly string[]
  readonly model?: string
  readonly set?: readonly string[]
  readonly file?: string
  readonly id?: string
  readonly check?: true
  readonly functions?: readonly string[]
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

interface Wanted extends Surroundings {
  readonly originId: string
  readonly options: ForkOptions
  readonly runId: string
  readonly state: { readonly [key: string]: Value }
}

/** What `fork` does. @throws {RunNotFoundError} {ForkError} {UsageError} {WorkflowError} */
export async function forkRun(originId: string, options: ForkOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  const place = placeOf(options.redis, settings, io)
  const runId = options.id === undefined ? newRunId() : checkedRunId(options.id)
  const state = Object.fromEntries(stateFromPairs(options.state ?? []))
  const wanted = { io, settings, originId: checkedRunId(originId), options, runId, state }
  return place.kind === 'redis' ? forkInRedis(wanted, place) : forkEmbedded(wanted, place)
}

async function forkInRedis(wanted: Wanted, place: Place & { readonly kind: 'redis' }): Promise<Ending> {
  const { io, options, originId, runId } = wanted
  refuseWith('redis', { '--functions': options.functions })
  await using client = await connect(place)
  const header = await client.header(originId)
  if (header === null) throw notFound(originId)
  const plan = await changed(wanted, await client.plan(header.definition))
  const reply = await client.fork(originId, forkOf(wanted, plan))
  if (options.check === true) return tellCheck(wanted, reply)
  const json = options.json === true ? 'ours' : 'none'
  if (json === 'none') io.stdout.line(`${lineOf(plan, wanted, reply)} · in Redis, executed by workers`)
  const from = 0
  return await watchToItsEnd(client, { runId, plan, json, placeOptions: placeOptionsOf(options.redis), from }, io)
}

async function forkEmbedded(wanted: Wanted, place: Place & { readonly kind: 'embedded' }): Promise<Ending> {
  const { io, settings, options, originId, runId } = wanted
  if (!existsHome(place.home)) throw new RunNotFoundError(originId)
  const session = await readSession(place.home, originId)
  const folder = session?.folder ?? io.cwd()
  const modules =
    options.functions === undefined
      ? (session?.functions ?? [])
      : options.functions.map((path) => resolve(io.cwd(), path))
  const handlers = await loadHandlers(modules)
  await using stage = await openStage({ home: place.home, folder, ...handlers })
  const plan = await changed(wanted, await planOf(stage.embedded, place.home, originId))
  if (options.check === true) return tellCheck(wanted, await stage.embedded.fork(originId, forkOf(wanted, plan)))
  if ((await stage.embedded.journal.header(runId)) !== null) throw ForkError.taken(runId) // before its session is written over
  const hasStandIn = session?.hasStandIn ?? false
  await using gateway = await gatewayFor(plan, io, settings, { hasStandIn })
  checkServed(plan, gateway, io, options.file ?? null)
  stage.models = gateway
  using stopper = new Stopper(io.interrupts)
  await writeSession(place.home, runId, { format: 1, folder, functions: modules, hasStandIn })
  const json = options.json === true ? 'ours' : 'none'
  if (json === 'none') {
    // Told before anything happens: steps begin while `fork` still answers.
    const planned = await stage.embedded.fork(originId, { ...forkOf(wanted, plan), isCheck: true })
    io.stdout.line(`${lineOf(plan, wanted, planned)} · embedded, journal in ${place.shown}`)
  }
  stage.view = viewFor(plan, json, io)
  const { handle } = await begun(stage, stage.embedded.fork(originId, forkOf(wanted, plan)))
  if (handle === null) throw new NoHandlerError(options.from, 'of a fork that was only checked')
  return await seeToItsEnd(stage, handle, { plan, json, checkpointFolder: null, stopper }, io)
}

function changed({ options, io, settings }: Wanted, plan: Plan): Promise<Plan> {
  const { file, model, from, set = [] } = options
  return changedPlan(plan, { file, model, from, set }, { io, settings })
}

function forkOf({ runId, state, options }: Wanted, plan: Plan) {
  return { runId, from: options.from, state, plan, isCheck: options.check === true }
}

function tellCheck({ io, options }: Wanted, { kept, again }: ForkReply): Ending {
  if (options.json === true) io.stdout.write(jsonText({ kept: [...kept], again: [...again] }))
  else {
    io.stdout.line(`kept:  ${kept.map((id) => printable(id)).join(', ') || '-'}`)
    io.stdout.line(`again: ${again.map((id) => printable(id)).join(', ') || '-'}`)
  }
  return { code: 0 }
}

/** `triage · run … · fork of … · 12 steps kept, 3 run again` */
function lineOf(plan: Plan, { runId, originId }: Wanted, { kept, again }: ForkReply): string {
  return `${printable(plan.name)} · run ${runId} · fork of ${originId} · ${kept.length} kept, ${again.length} again`
}
