import { Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type { RunHeader, RunStatus } from '@agentloom/engine'
import { BULK_LIMIT, rateOf, type BulkOptions } from '../command-line/bulk-options.ts'
import { filterOf } from '../command-line/run-filter.ts'
import { surroundingsOf } from '../command-line/surroundings.ts'
import { SIGNAL_CODES, type Signal } from '../io/interrupts.ts'
import type { Io } from '../io/io.ts'
import { Output } from '../io/output.ts'
import { jsonText } from '../result/json-text.ts'
import { countText } from '../terminal/figures.ts'
import { infoOf } from '../terminal/problem.ts'
import { printable } from '../terminal/printable.ts'
import type { Ending } from './ending.ts'
import { openRuns, type KeptRuns } from './kept-runs.ts'
import { placeOf, type Place } from './place.ts'
import type { Settings } from '../settings.ts'

export interface BulkVerbOptions extends BulkOptions {
  readonly reason?: string
  /** Dollars. */
  readonly budget?: number
  readonly functions?: readonly string[]
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

const NANO_PER_USD = 1_000_000_000

type Verb = 'cancel' | 'resume'

/** Which runs a verb is for where no statuses are named. */
const STATUSES: { readonly [verb in Verb]: readonly RunStatus[] } = {
  cancel: ['queued', 'running', 'paused', 'parked'],
  resume: ['failed', 'timeout'],
}

interface Outcome {
  readonly run_id: string
  readonly status_before: RunStatus
  readonly outcome: string
  readonly isFine: boolean
}

/** Cancels or resumes many runs, oldest first, not faster than wanted. Told to stop, it stops between two runs. */
export async function bulk(verb: Verb, options: BulkVerbOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  const place = placeOf(options.redis, settings, io)
  await using runs = await openRuns(place, io)
  const picked = (await runs.list(filterOf({ status: STATUSES[verb], ...options }, BULK_LIMIT))).toReversed()
  if (options.dryRun === true) return planned(verb, picked, options, io)
  const act = verb === 'cancel' ? cancelling(runs, options) : await resuming({ runs, place, settings }, options, io)
  const { outcomes, signal } = await paced(picked, act, rateOf(options), io)
  const isFine = outcomes.every((one) => one.isFine)
  if (options.json === true)
    io.stdout.write(
      jsonText(outcomes.map(({ run_id, status_before, outcome }) => ({ run_id, status_before, outcome }))),
    )
  else io.stdout.line(summary(verb, outcomes, picked.length))
  return { code: signal === null ? (isFine ? 0 : 1) : SIGNAL_CODES[signal] }
}

function planned(verb: Verb, picked: readonly RunHeader[], { json }: BulkVerbOptions, io: Io): Ending {
  if (json === true) {
    io.stdout.write(jsonText(picked.map(({ runId, status }) => ({ run_id: runId, status_before: status }))))
    return { code: 0 }
  }
  for (const { runId, workflow, status } of picked) io.stdout.line(`${runId}  ${status}  ${printable(workflow)}`)
  io.stdout.line(`would ${verb} ${countText(picked.length, 'run')}; nothing was changed`)
  return { code: 0 }
}

type Act = (run: RunHeader) => Promise<Pick<Outcome, 'outcome' | 'isFine'>>

async function paced(
  picked: readonly RunHeader[],
  act: Act,
  rate: number,
  io: Io,
): Promise<{ readonly outcomes: readonly Outcome[]; readonly signal: Signal | null }> {
  const outcomes: Outcome[] = []
  let signal: Signal | null = null
  const stop = new AbortController()
  const stopListening = io.interrupts.listen((given) => {
    signal = given
    stop.abort()
  })
  const startedAtMs = performance.now()
  try {
    for (const [index, run] of picked.entries()) {
      const waitMs = startedAtMs + (index * 1_000) / rate - performance.now()
      if (waitMs > 0) await setTimeout(waitMs, undefined, { signal: stop.signal }).catch(() => undefined)
      if (stop.signal.aborted) break
      const done = await act(run)
      outcomes.push({ run_id: run.runId, status_before: run.status, ...done })
      io.stderr.line(`${index + 1} of ${picked.length} · ${run.runId} · ${done.outcome}`)
    }
  } finally {
    stopListening()
  }
  return { outcomes, signal }
}

function cancelling(runs: KeptRuns, { reason = 'cancelled on the command line' }: BulkVerbOptions): Act {
  return async ({ runId }) => {
    const { isDone, status } = await runs.cancel(runId, reason)
    return { outcome: isDone ? 'cancelled' : `left alone: ${status ?? 'gone'}`, isFine: true } // it ended by itself meanwhile
  }
}

/** In Redis workers go on with the runs; embedded each is executed here, one after the other. */
async function resuming(
  { runs, place, settings }: { readonly runs: KeptRuns; readonly place: Place; readonly settings: Settings },
  { budget, functions = [] }: BulkVerbOptions,
  io: Io,
): Promise<Act> {
  const budgetNanoUsd = budget === undefined ? undefined : Math.round(budget * NANO_PER_USD)
  if (place.kind === 'redis')
    return async ({ runId }) => {
      const { outcome, status } = await runs.resume(runId, {
        reason: 'resumed on the command line',
        ...(budgetNanoUsd !== undefined && { budgetNanoUsd }),
      })
      return outcome === 'resumed'
        ? { outcome, isFine: true }
        : { outcome: `left alone: ${status ?? 'gone'}`, isFine: outcome === 'nothing' }
    }
  const { resumeEmbedded } = await import('./resume-embedded.ts')
  const quiet: Io = Object.assign(Object.create(io), {
    stdout: new Output(new Writable({ write: (_chunk, _encoding, done) => done() }), io.env),
  })
  return async ({ runId }) => {
    try {
      const wanted = { runId, place, settings, budgetNanoUsd, decisions: [], by: null, functions }
      const { code } = await resumeEmbedded({ ...wanted, json: 'ours', checkpointFolder: null }, quiet)
      const status = (await runs.list({ limit: BULK_LIMIT })).find((run) => run.runId === runId)?.status ?? 'gone'
      return { outcome: status, isFine: code === 0 }
    } catch (error) {
      return { outcome: `failed: ${printable(infoOf(error).message)}`, isFine: false }
    }
  }
}

function summary(verb: Verb, outcomes: readonly Outcome[], pickedCount: number): string {
  const counts = new Map<string, number>()
  for (const { outcome } of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  const parts = [...counts].map(([outcome, count]) => `${count} ${outcome}`)
  const rest = pickedCount - outcomes.length
  if (rest > 0) parts.push(`${rest} not looked at`)
  return `${verb} · ${countText(pickedCount, 'run')} picked${parts.length === 0 ? '' : ` · ${parts.join(' · ')}`}`
}
