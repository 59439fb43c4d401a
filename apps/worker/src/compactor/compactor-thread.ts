// The thread in which checkpoints are written: reading a long run and turning it into text would hold up a worker's steps.

import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { openBlobPlace, openCompaction } from '@agentloom/bullmq'
import { CheckpointStore } from '@agentloom/embedded'
import { compactLive, compactRound } from './compact.ts'
import { leaveIdle } from './leave.ts'
import { type CompactorNews, compactorStart, STOP } from './messages.ts'
import { retireCheckpoints } from './retire.ts'

/** A checkpoint is for when the journal is gone; a second later is early enough. */
const LOOK_EVERY_MS = 1_000
/** As decisions.md says: what a loss of Redis can cost a run at work. */
const LIVE_EVERY_MS = 30_000
/** What is kept is counted in days. */
const TIDY_EVERY_MS = 60_000
/** A full disk does not empty itself at once. */
const TRY_AGAIN_MS = 10_000

const port = parentPort
if (port === null) throw new Error('this module is a thread')
const { redis, prefix, folder, workDir, blobs, retentionMs, awayMs } = compactorStart.parse(workerData)
const stop = new AbortController()
port.on('message', (message) => {
  if (message === STOP) stop.abort()
})
const tell = (news: CompactorNews): void => port.postMessage(news)

const store = new CheckpointStore(folder, 'redis')
const compaction = await openCompaction({ redis, prefix, blobs: await openBlobPlace(blobs, process.env) })
const written = new Map<string, number>()
let liveAtMs = performance.now()
let tidyAtMs = Number.NEGATIVE_INFINITY
while (!stop.signal.aborted) await pause(await round())
compaction.close()
await store.close()
port.close()

async function round(): Promise<number> {
  try {
    const hasMore = await compactRound(compaction, store, tell)
    if (performance.now() - liveAtMs >= LIVE_EVERY_MS) {
      liveAtMs = performance.now()
      await compactLive(compaction, { store, tell, written })
    }
    if (performance.now() - tidyAtMs >= TIDY_EVERY_MS) {
      tidyAtMs = performance.now()
      await compaction.collectBlobs()
      if (awayMs !== null) await leaveIdle({ compaction, store, idleMs: awayMs, nowMs: Date.now() })
      await retireCheckpoints({ store, ageMs: retentionMs, workDir, nowMs: Date.now() })
    }
    return hasMore ? 0 : LOOK_EVERY_MS
  } catch (error) {
    tell({ kind: 'trouble', message: String(error) })
    return TRY_AGAIN_MS
  }
}

async function pause(ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined) // asked to stop
}
