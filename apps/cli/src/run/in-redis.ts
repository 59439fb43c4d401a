import { join } from 'node:path'
import { createClient, newRunId, openBlobPlace, type Client } from '@agentloom/bullmq/client'
import { runDocument, type GateDecision, type JournalRecord, type RunView as RunRecord } from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import { CliError } from '../errors.ts'
import type { Io } from '../io/io.ts'
import { SIGNAL_CODES, type Signal } from '../io/interrupts.ts'
import { jsonText } from '../result/json-text.ts'
import { newsOfRecord } from '../terminal/news.ts'
import { printable } from '../terminal/printable.ts'
import { commandName, nextLine } from '../terminal/summary.ts'
import { conclude, type JsonShape } from './conclude.ts'
import type { Ending } from './ending.ts'
import { mayNeedSomebody, needsSomebody } from './needs-somebody.ts'
import { notFound } from './not-found.ts'
import type { Place } from './place.ts'
import { resumeLine } from './resume-embedded.ts'
import { viewFor } from './watch.ts'

/** A worker that is there takes a step within milliseconds, a busy one mostly within this. */
const UNCLAIMED_MS = 5_000

type RedisPlace = Place & { readonly kind: 'redis' }

export interface RedisStart {
  readonly plan: Plan
  readonly place: RedisPlace
  readonly runId: string | undefined
  readonly input: object
  readonly json: JsonShape
  /** Starts the run and leaves it to the workers. */
  readonly isDetached: boolean
  /** How the place was named on the command line, for the commands that are proposed. */
  readonly placeOptions: string
}

export async function connect({
  url,
  prefix,
  shards,
  starts,
  redact,
  blobs,
  retentionMs,
  home,
  env,
}: RedisPlace): Promise<Client> {
  return createClient({
    redis: url,
    ...starts,
    prefix,
    redact,
    blobs: await openBlobPlace(blobs, env),
    checkpoints: { read: (runId) => readCheckpoint(home, runId) },
    ...(shards !== undefined && { shards }),
    ...(retentionMs !== undefined && { retentionMs }),
  })
}

/** Opened for the one run that has left Redis, if there is such a one. */
async function readCheckpoint(home: string, runId: string) {
  const { CheckpointStore } = await import('@agentloom/embedded')
  await using checkpoints = new CheckpointStore(join(home, 'checkpoints'))
  return await checkpoints.read(runId)
}

/** Starts a run that workers execute, and watches it. */
export async function startInRedis(start: RedisStart, io: Io): Promise<Ending> {
  const { plan, place, input, json, isDetached, placeOptions } = start
  await using client = await connect(place)
  const runId = start.runId ?? newRunId()
  const { outcome } = await client.start(plan, { runId, input })
  if (outcome === 'exists') io.stderr.line(`run ${runId} was started before; it is not started again`)
  if (isDetached) {
    const { status = 'queued' } = (await client.header(runId)) ?? {}
    if (json !== 'none') io.stdout.write(jsonText({ run_id: runId, workflow: plan.name, status }))
    else {
      io.stdout.line(`${printable(plan.name)} · run ${runId} · ${status}`)
      io.stdout.line(nextLine([`${commandName(io.env)} show ${runId}${placeOptions}`]))
    }
    return { code: 0 }
  }
  if (json === 'none') io.stdout.line(`${printable(plan.name)} · run ${runId} · in Redis, executed by workers`)
  return await watchToItsEnd(client, { runId, plan, json, placeOptions, from: 0 }, io)
}

export interface RedisResume {
  readonly runId: string
  readonly place: RedisPlace
  readonly budgetNanoUsd: number | undefined
  readonly decisions: readonly GateDecision[]
  /** Who decides. */
  readonly by: string | null
  readonly json: JsonShape
  readonly placeOptions: string
}

export async function resumeInRedis(
  { runId, place, budgetNanoUsd, decisions, by, json, placeOptions }: RedisResume,
  io: Io,
): Promise<Ending> {
  await using client = await connect(place)
  const loaded = await client.load(runId)
  const before = await client.view(runId)
  if (loaded === null || before === null) throw notFound(runId)
  const plan = await client.plan(loaded.header.definition)
  const options = { decisions, by, ...(budgetNanoUsd !== undefined && { budgetNanoUsd }) }
  const { outcome, status } = await client.resume(runId, { reason: 'resumed', ...options })
  if (outcome === 'refused') {
    const help =
      status === 'cancelled'
        ? 'start it again as a new run'
        : `see how it stands with: ${commandName(io.env)} show ${runId}${placeOptions}`
    throw new CliError('run/over', `run ${runId} cannot be resumed: it is ${status ?? 'unknown'}`, { help })
  }
  if (json === 'none') io.stdout.line(resumeLine(before, plan))
  return await watchToItsEnd(client, { runId, plan, json, placeOptions, from: loaded.records.length }, io)
}

export interface Watched {
  readonly runId: string
  readonly plan: Plan
  readonly json: JsonShape
  readonly placeOptions: string
  /** Records that are old news. */
  readonly from: number
}

/** A signal ends the watching, not the run: others' workers have it. */
export async function watchToItsEnd(client: Client, watched: Watched, io: Io): Promise<Ending> {
  const { runId, plan, json, placeOptions, from } = watched
  const stop = new AbortController()
  let signal: Signal | null = null
  const stopListening = io.interrupts.listen((given) => {
    signal = given
    stop.abort()
  })
  const view = viewFor(plan, json, io)
  const waiting = json === 'none' ? setTimeout(() => tellWaiting(placeOptions, io), UNCLAIMED_MS) : undefined
  let cursor = from
  const rest = new AbortController()
  let isDoubtful = false
  const restIfNeeded = async (): Promise<void> => {
    const loaded = await client.load(runId)
    if (loaded !== null && (await needsSomebody(loaded, (child) => client.load(child)))) rest.abort()
  }
  const tell = (record: JournalRecord): void => {
    cursor += 1
    isDoubtful ||= mayNeedSomebody(record)
    if (isDoubtful) void restIfNeeded().catch(() => undefined) // the events meet the same, and tell it
    if (record.kind === 'claimed') clearTimeout(waiting)
    const news = newsOfRecord(record)
    if (news !== null) view.tell(news)
  }
  const either = AbortSignal.any([stop.signal, rest.signal])
  try {
    client.waitForRest(runId, either).then(
      ({ status }) => (status === 'paused' ? rest.abort() : undefined),
      () => undefined, // the events meet the same, and tell it
    )
    for await (const { record } of client.events(runId, { from, signal: either })) tell(record)
  } catch (error) {
    if (!either.aborted) throw error
    for (const record of (await client.load(runId, cursor))?.records ?? []) tell(record)
  } finally {
    rest.abort()
    clearTimeout(waiting)
    view.end()
    stopListening()
  }
  const record = await client.view(runId)
  if (record === null) throw notFound(runId)
  if (signal !== null) return leave(watched, record, signal, io)
  return conclude({ plan, record, json, signal: null, placeOptions }, io)
}

function tellWaiting(placeOptions: string, io: Io): void {
  io.stderr.line(
    `still waiting for a worker: start one with ${commandName(io.env)} worker${placeOptions}, with --functions MODULE where the workflow has function steps`,
  )
}

function leave({ runId, json, placeOptions }: Watched, record: RunRecord, signal: Signal, io: Io): Ending {
  const program = commandName(io.env)
  if (json !== 'none') io.stdout.write(jsonText(runDocument(record)))
  io.stderr.line(`run ${runId} goes on without you`)
  io.stderr.line(
    nextLine([
      `${program} show ${runId}${placeOptions}`,
      `${program} pause ${runId}${placeOptions}`,
      `${program} cancel ${runId}${placeOptions}`,
    ]),
  )
  return { code: SIGNAL_CODES[signal] }
}
