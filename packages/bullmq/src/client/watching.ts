import { isOver, RunNotFoundError, type LoadedRun, type RunHeader, type RunStatus } from '@agentloom/engine'
import type { ReturningJournal } from '../away/returning-journal.ts'
import type { EventOptions, RunEvent } from './client.ts'
import { WakeUp } from './wake-up.ts'
import type { Wakes } from './wakes.ts'

/** A watcher that dies stops costing anything after this; a live one renews in half of it. */
const WATCH_MS = 60_000

export interface Watching {
  readonly journal: ReturningJournal
  readonly wakes: Wakes
  /** Aborts when the client is closed. */
  readonly closed: AbortSignal
}

export function waitForEnd(watching: Watching, runId: string, signal?: AbortSignal): Promise<RunHeader> {
  return lookAtEnd(watching, {
    runId,
    signal,
    isEnd: isOver,
    look: () => watching.journal.header(runId),
    statusOf: ({ status }) => status,
  })
}

/** Also a paused run has come to rest: it goes on only when somebody does something about it. */
export function waitForRest(watching: Watching, runId: string, signal?: AbortSignal): Promise<RunHeader> {
  return lookAtEnd(watching, {
    runId,
    signal,
    isEnd: (status) => status === 'paused' || isOver(status),
    look: () => watching.journal.header(runId),
    statusOf: ({ status }) => status,
  })
}

/** The records of an ended run. */
export function loadAtEnd(watching: Watching, runId: string, signal?: AbortSignal): Promise<LoadedRun> {
  return lookAtEnd(watching, {
    runId,
    signal,
    isEnd: isOver,
    look: () => watching.journal.load(runId),
    statusOf: ({ header }) => header.status,
  })
}

interface Looking<Found> {
  readonly runId: string
  readonly signal: AbortSignal | undefined
  readonly isEnd: (status: RunStatus) => boolean
  look(): Promise<Found | null>
  statusOf(found: Found): RunStatus
}

/** Listens first and looks then, so that an end in between is not missed; looks closely when an end is likely. */
async function lookAtEnd<Found>(
  { journal, wakes, closed }: Watching,
  { runId, signal, isEnd, look, statusOf }: Looking<Found>,
): Promise<Found> {
  const either = signal === undefined ? closed : AbortSignal.any([signal, closed])
  const wake = new WakeUp()
  let stop = (): void => undefined
  try {
    stop = await wakes.listen(runId, wake.ring)
    either.throwIfAborted()
    const status = await journal.status(runId)
    if (status === null) throw new RunNotFoundError(runId)
    if (!isEnd(status)) await wake.wait(either)
    for (;;) {
      const found = await look()
      if (found === null) throw new RunNotFoundError(runId)
      if (isEnd(statusOf(found))) return found
      await wake.wait(either)
    }
  } catch (error) {
    throw either.aborted ? either.reason : error // what a connection says that was closed meanwhile helps nobody
  } finally {
    stop()
  }
}

export async function* watchEvents(
  { journal, wakes, closed }: Watching,
  runId: string,
  { from = 0, signal }: EventOptions,
): AsyncGenerator<RunEvent> {
  const either = signal === undefined ? closed : AbortSignal.any([signal, closed])
  const wake = new WakeUp()
  const stop = await wakes.listen(runId, wake.ring)
  const renewal = setInterval(() => void journal.watch(runId, WATCH_MS).catch(wake.ring), WATCH_MS / 2)
  renewal.unref()
  try {
    await journal.watch(runId, WATCH_MS)
    for (let cursor = from; ;) {
      either.throwIfAborted()
      const loaded = await journal.load(runId, cursor)
      if (loaded === null) throw new RunNotFoundError(runId)
      for (const record of loaded.records) {
        cursor += 1
        yield { cursor, record }
      }
      if (isOver(loaded.header.status)) return
      await wake.wait(either)
    }
  } finally {
    clearInterval(renewal)
    stop()
  }
}
