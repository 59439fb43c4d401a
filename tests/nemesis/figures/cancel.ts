import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '../witness.ts'
import { type Figure, quantiles, scaled } from './figure.ts'
import { openStage, planOf } from './stage.ts'

const RUNS = 200
const HOLD_MS = 600_000
const MS_MAX = 30_000
const APART_MS = 23

export const cancel: Figure = {
  name: 'cancel',
  async measure({ folder, size }) {
    await using stage = await openStage(folder)
    for (const name of ['w0', 'w1']) stage.worker(name, { concurrency: 256 })
    await stage.ready(2)
    const plan = planOf('holding', 1, `type: function, handler: hold, input: {ms: ${HOLD_MS}}`)
    const runIds = Array.from({ length: scaled(RUNS, size) }, (_, index) => `r${index}`)
    const begun = new Set<string>()
    const left = new Map<string, number>()
    stage.witness.listen((line) => {
      if (!('pid' in line)) return
      if (line.did !== undefined) begun.add(line.runId)
      else left.set(line.runId, line.monotonicMs)
    })
    for (const runId of runIds) await stage.client.start(plan, { runId })
    if (begun.size < runIds.length) await stage.witness.until(() => begun.size === runIds.length, MS_MAX)
    const cancelled = new Map<string, number>()
    for (const runId of runIds) {
      cancelled.set(runId, monotonicMs())
      await stage.client.cancel(runId, 'measured')
      await sleep(APART_MS)
    }
    await stage.witness.read()
    if (left.size < runIds.length) await stage.witness.until(() => left.size === runIds.length, MS_MAX)
    const times = runIds.map((runId) => (left.get(runId) ?? Number.POSITIVE_INFINITY) - (cancelled.get(runId) ?? 0))
    return [quantiles('cancel until the step is aborted in its worker', times, 1_000)]
  },
}
