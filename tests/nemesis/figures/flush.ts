import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '../witness.ts'
import { type Figure, type Row, scaled, seconds } from './figure.ts'
import { openStage, planOf } from './stage.ts'

const RUNS = 1_000
const STEPS = 4
const STEP_MS = 1_500
const MS_MAX = 90_000
const TARGET_MS = 60_000
const POLL_MS = 100

export const flush: Figure = {
  name: 'flushall',
  async measure({ folder, size }) {
    await using stage = await openStage(folder)
    const { client, witness } = stage
    for (const name of ['w0', 'w1', 'w2']) stage.worker(name, { concurrency: 512 })
    await stage.ready(3)
    const plan = planOf('chain', STEPS, `type: function, handler: work, input: {ms: ${STEP_MS}}`, true)
    const runIds = Array.from({ length: scaled(RUNS, size) }, (_, index) => `r${index}`)
    for (const runId of runIds) await client.start(plan, { runId })
    const begun = () => runIds.filter((runId) => witness.isBegun(runId)).length
    if (begun() < runIds.length) await witness.until(() => begun() === runIds.length, MS_MAX)
    const headers = await Promise.all(runIds.map((runId) => client.header(runId)))
    const inFlight = runIds.filter((_, index) => headers[index]?.status === 'running')
    const flushedAtMs = monotonicMs()
    await stage.admin.flushall()
    const back = await until(inFlight, (header) => header !== null)
    const ended =
      back === null ? null : await until(inFlight, (header) => header !== null && header.status === 'success')
    await witness.read()
    const recovery: Row = {
      figure: `FLUSHALL of ${inFlight.length} runs in flight until all are back`,
      value: back === null ? 'not all came back' : seconds(back - flushedAtMs),
      target: `≤ ${TARGET_MS / 1_000} s`,
      isMet: back !== null && back - flushedAtMs <= TARGET_MS,
    }
    const end: Row = {
      figure: 'the same, until all have ended',
      value: ended === null ? 'not all ended' : seconds(ended - flushedAtMs),
      target: null,
      isMet: null,
    }
    const again: Row = {
      figure: 'committed steps executed again after it',
      value: String(witness.again.length),
      target: '0',
      isMet: witness.again.length === 0,
    }
    return [recovery, end, again]

    async function until(
      ids: readonly string[],
      fits: (header: Awaited<ReturnType<typeof client.header>>) => boolean,
    ): Promise<number | null> {
      const left = new Set(ids)
      const giveUpAtMs = monotonicMs() + MS_MAX
      while (monotonicMs() < giveUpAtMs) {
        for (const runId of left) {
          if (!fits(await client.header(runId))) break
          left.delete(runId)
        }
        if (left.size === 0) return monotonicMs()
        await sleep(POLL_MS)
      }
      return null
    }
  },
}
