import type { JournalRecord } from '@agentloom/engine'
import { surroundingsOf } from '../command-line/surroundings.ts'
import { SIGNAL_CODES, type Signal } from '../io/interrupts.ts'
import type { Io } from '../io/io.ts'
import { logJson, logLine } from '../result/log-line.ts'
import { checkedRunId } from './checked-run-id.ts'
import type { Ending } from './ending.ts'
import { openRuns } from './kept-runs.ts'
import { notFound } from './not-found.ts'
import { embeddedPlace, placeOf } from './place.ts'

export interface LogOptions {
  readonly step?: string
  readonly follow?: true
  readonly tail?: number
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

/** Prints a run's journal, oldest first. @throws {CliError} `run/not-found` */
export async function logRun(given: string, options: LogOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  const place = placeOf(options.redis, settings, io)
  await using runs = await openRuns(place, io, embeddedPlace(settings, io).home)
  const runId = checkedRunId(given)
  const records = await runs.records(runId)
  if (records === null) throw notFound(runId)
  const isWanted = (record: JournalRecord): boolean =>
    options.step === undefined || ('stepId' in record && record.stepId === options.step)
  const print = (record: JournalRecord): void =>
    options.json === true ? io.stdout.write(logJson(record)) : io.stdout.line(logLine(record))
  const wanted = records.filter(isWanted)
  for (const record of options.tail === undefined ? wanted : wanted.slice(Math.max(0, wanted.length - options.tail)))
    print(record)
  if (options.follow !== true) return { code: 0 }
  return followed(io, async (signal) => {
    for await (const record of runs.follow(runId, records.length, signal)) if (isWanted(record)) print(record)
  })
}

/** Until the run is over, or the user has seen enough. */
async function followed(io: Io, follow: (signal: AbortSignal) => Promise<void>): Promise<Ending> {
  const stop = new AbortController()
  let given: Signal | null = null
  const stopListening = io.interrupts.listen((signal) => {
    given = signal
    stop.abort()
  })
  try {
    await follow(stop.signal)
  } catch (error) {
    if (!stop.signal.aborted) throw error
  } finally {
    stopListening()
  }
  return { code: given === null ? 0 : SIGNAL_CODES[given] }
}
