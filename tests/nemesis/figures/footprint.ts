import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { type Figure, type Row, scaled } from './figure.ts'
import { openStage, planOf, type Stage } from './stage.ts'

const LIVE_RUNS = 200
const PER_RUN = 50
const BYTES_PER_STEP_MAX = 350

/** What a live step costs in Redis: offered, and none has an output yet. */
export const liveSteps: Figure = {
  name: 'live-steps',
  async measure({ folder, size }) {
    await using stage = await openStage(folder)
    const { admin, client } = stage
    const plan = planOf('wide', PER_RUN, 'type: function, handler: nothing')
    await client.start(plan, { runId: 'first' }) // the definition and the scripts
    const runs = scaled(LIVE_RUNS, size)
    const before = await usedBytes(admin)
    for (let run = 0; run < runs; run += 1) await client.start(plan, { runId: `r${run}` })
    const after = await usedBytes(admin)
    const bells = await bytesOf(admin, '*:agentloom-*')
    const steps = runs * PER_RUN
    const perStep = (after - before - bells) / steps
    const journal: Row = {
      figure: `Redis bytes a live step without outputs (${steps} offered, ${PER_RUN} a run)`,
      value: `${perStep.toFixed(0)} B`,
      target: `≤ ${BYTES_PER_STEP_MAX} B`,
      isMet: perStep <= BYTES_PER_STEP_MAX,
    }
    const jobs: Row = {
      figure: 'and in BullMQ, for its bell',
      value: `${(bells / steps).toFixed(0)} B`,
      target: null,
      isMet: null,
    }
    return [journal, jobs]
  },
}

const FINISHED_RUNS = 10_000
const BATCH = 500
const BASE_BYTES_MAX = 1_048_576
const GONE_MS_MAX = 240_000
const POLL_MS = 1_000
/** Short, for this figure. */
const RETENTION = { AGENTLOOM_RETENTION: '5s' }

/** I13: when the retention of finished runs is over, Redis has what it had before. */
export const afterRetention: Figure = {
  name: 'retention',
  async measure({ folder, size }) {
    await using stage = await openStage(folder)
    const { admin } = stage
    stage.worker('w0', { logLevel: 'info', environment: RETENTION, concurrency: 256 })
    await stage.ready(1)
    await finish(stage, 'warm', scaled(1_500, size)) // what BullMQ keeps for Bull Board is full by then
    await untilGone(admin)
    const base = await usedBytes(admin)
    const count = scaled(FINISHED_RUNS, size)
    await finish(stage, 'r', count)
    const most = await usedBytes(admin)
    await untilGone(admin)
    const grown = (await usedBytes(admin)) - base
    return [
      {
        figure: `Redis after the retention of ${count} finished runs, against before (${megabytes(most - base)} at most)`,
        value: megabytes(grown),
        target: '± 1 MB',
        isMet: Math.abs(grown) <= BASE_BYTES_MAX,
      },
    ]
  },
}

async function finish({ client }: Stage, name: string, count: number): Promise<void> {
  const plan = planOf('short', 3, 'type: function, handler: nothing', true)
  for (let at = 0; at < count; at += BATCH) {
    const ids = Array.from({ length: Math.min(BATCH, count - at) }, (_, index) => `${name}${at + index}`)
    await Promise.all(ids.map((runId) => client.start(plan, { runId })))
    await Promise.all(ids.map((runId) => client.waitForEnd(runId)))
  }
}

async function untilGone(admin: Redis): Promise<void> {
  const giveUpAtMs = Date.now() + GONE_MS_MAX
  const isGone = async (): Promise<boolean> => (await keysLike(admin, '*:run:*')).length === 0
  while (!(await isGone())) {
    if (Date.now() > giveUpAtMs) throw new Error('runs are still in Redis long after their retention')
    await sleep(POLL_MS)
  }
  await sleep(TRIM_MS) // indexes are trimmed once a minute
}

const TRIM_MS = 65_000

async function usedBytes(admin: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1])
}

async function bytesOf(admin: Redis, pattern: string): Promise<number> {
  const sizes = await Promise.all(
    (await keysLike(admin, pattern)).map((key) => admin.memory('USAGE', key, 'SAMPLES', 0)),
  )
  return sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0)
}

async function keysLike(admin: Redis, pattern: string): Promise<readonly string[]> {
  const keys: string[] = []
  let cursor = '0'
  do {
    const [next, found] = await admin.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000)
    keys.push(...found)
    cursor = next
  } while (cursor !== '0')
  return keys
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(2)} MB`
}
