import { join } from 'node:path'
import { compileYaml } from '@agentloom/workflow'
import { CAN_SET_CLOCKS, Clock } from '../clock.ts'
import { type Figure, scaled, seconds } from './figure.ts'
import { openStage } from './stage.ts'

const RUNS = 60
const SLEEP_SECONDS = 3
const HOUR_SECONDS = 3_600
const SKEWS = [HOUR_SECONDS, -HOUR_SECONDS]
const TARGET_MS = 1_000
const END_MS_MAX = 60_000

export const timers: Figure = {
  name: 'timers',
  async measure({ folder, size }) {
    const figure = 'timer error with worker clocks an hour ahead and behind, and set in between'
    const target = `≤ ${TARGET_MS / 1_000} s`
    if (!CAN_SET_CLOCKS) return [{ figure, value: 'not measured: no libfaketime here', target, isMet: null }]
    await using stage = await openStage(folder)
    const clocks = SKEWS.map((skew, index) => {
      const clock = new Clock(join(folder, `clock${index}`))
      clock.set(skew)
      stage.worker(`w${index}`, { clock })
      return clock
    })
    await stage.ready(SKEWS.length)
    const { plan } = compileYaml(
      `name: nap\nsteps:\n  - {id: nap, type: sleep, seconds: ${SLEEP_SECONDS}}\n  - {id: after, type: function, handler: nothing, depends_on: [nap]}\n`,
    )
    const runIds = Array.from({ length: scaled(RUNS, size) }, (_, index) => `r${index}`)
    for (const runId of runIds) await stage.client.start(plan, { runId })
    for (const [index, clock] of clocks.entries()) clock.set(SKEWS[1 - index] ?? 0)
    const errors = await Promise.all(
      runIds.map(async (runId) => {
        await stage.client.waitForEnd(runId, AbortSignal.timeout(END_MS_MAX))
        const records = (await stage.client.load(runId))?.records ?? []
        const slept = records.find((record) => record.kind === 'waiting')
        const after = records.find((record) => record.kind === 'claimed' && record.stepId === 'after')
        if (slept?.untilMs === undefined || slept.untilMs === null || after === undefined)
          throw new Error(`no nap in ${runId}`)
        return Math.abs(after.atMs - slept.untilMs)
      }),
    )
    const worst = Math.max(...errors)
    return [
      { figure: `${figure} (worst of ${errors.length})`, value: seconds(worst), target, isMet: worst <= TARGET_MS },
    ]
  },
}
