// One worker of a journal turns runs into checkpoints: when they end or pause, and while they are at work. All try for the lease; who has it runs the thread that
// writes, and ends it when the lease is lost. Two at once, after a long pause of one, write the same files twice.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { openBlobPlace, openCompaction } from '@agentloom/bullmq'
import { CheckpointStore } from '@agentloom/embedded'
import type { Logger } from '@agentloom/telemetry'
import type { Environment } from '../settings/settings.ts'
import { compactorNews, type CompactorStart, STOP } from './messages.ts'

/** A dead compactor is replaced after this; nothing waits for it. */
const LEASE_MS = 15_000
const BEAT_MS = 5_000
/** Whoever asks for a run that has left Redis waits for this. */
const BRING_MS = 500
/** Time for the files in hand. */
const STOP_MAX_MS = 3_000

export interface CompactorOptions extends CompactorStart {
  /** Name of this worker: holder of the lease. */
  readonly holder: string
  readonly log: Logger
  /** Where a blob store's keys stand. */
  readonly environment: Environment
}

export interface Compactor extends AsyncDisposable {
  /** Ends the thread and gives the lease back. Twice is harmless. */
  close(): Promise<void>
}

/** Tries for the lease until closed. @throws {RedisUnreachableError} and what else connecting throws */
export async function startCompactor({ holder, log, environment, ...start }: CompactorOptions): Promise<Compactor> {
  const trouble = (error: unknown): void =>
    log.warn({ during: 'compaction' }, `checkpoints are behind: ${String(error)}`)
  const blobs = await openBlobPlace(start.blobs, environment)
  const compaction = await openCompaction({ redis: start.redis, prefix: start.prefix, blobs })
  const checkpoints = new CheckpointStore(start.folder)
  let thread: Worker | null = null
  let beating: Promise<void> | null = null
  let isClosed = false

  const beat = async (): Promise<void> => {
    const isMine = await compaction.lease(holder, LEASE_MS)
    if (isClosed) return
    if (isMine) thread ??= open()
    else await stop()
  }
  const open = (): Worker => {
    log.info({ folder: start.folder }, 'writing checkpoints')
    const opened = openThread(start, log, environment)
    opened.once('error', trouble)
    opened.once('exit', () => {
      if (thread === opened) thread = null // the next beat opens another
    })
    return opened
  }
  const stop = async (): Promise<void> => {
    const ending = thread
    thread = null
    if (ending !== null) await stopThread(ending)
  }
  const tick = (): void => {
    beating ??= beat()
      .catch(trouble)
      .finally(() => (beating = null))
  }
  let bringing: Promise<unknown> | null = null
  const bring = (): void => {
    bringing ??= compaction
      .bringWanted(checkpoints)
      .catch(trouble)
      .finally(() => (bringing = null))
  }
  tick()
  const bringTimer = setInterval(bring, BRING_MS)
  const timer = setInterval(tick, BEAT_MS)

  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    clearInterval(timer)
    clearInterval(bringTimer)
    await bringing
    await stop()
    // Without Redis the lease ends by itself.
    await within(STOP_MAX_MS, compaction.release(holder)).catch(trouble)
    compaction.close()
    await checkpoints.close()
  }
  return { close, [Symbol.asyncDispose]: close }
}

function openThread(start: CompactorStart, log: Logger, env: Environment): Worker {
  const isSource = import.meta.url.endsWith('.ts')
  const thread = new Worker(new URL(`./compactor-thread${isSource ? '.ts' : '.js'}`, import.meta.url), {
    workerData: start,
    env,
    // None of the host's flags, which may mean nothing here.
    execArgv: ['--disable-warning=ExperimentalWarning', ...(isSource ? ['--conditions=agentloom-source'] : [])],
    name: 'agentloom-compactor',
  })
  thread.unref()
  thread.on('message', (message) => {
    const news = compactorNews.parse(message)
    if (news.kind === 'written') log.debug({ count: news.count }, 'checkpoints written')
    if (news.kind === 'given-up') log.error({ runId: news.runId }, `no checkpoint can be made: ${news.message}`)
    if (news.kind === 'trouble') log.error({ during: 'compaction' }, `checkpoints are behind: ${news.message}`)
  })
  return thread
}

async function stopThread(thread: Worker): Promise<void> {
  const exited = once(thread, 'exit')
  thread.postMessage(STOP)
  await within(STOP_MAX_MS, exited).catch(() => thread.terminate())
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms)
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
