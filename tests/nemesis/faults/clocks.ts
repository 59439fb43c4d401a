import { setTimeout as sleep } from 'node:timers/promises'
import { CAN_SET_CLOCKS } from '../clock.ts'
import { pick } from '../random.ts'
import type { Fault } from './fault.ts'
import { pidOf } from './processes.ts'

const STEPS_SECONDS = [3_600, -3_600]
const SEEN_MS_MAX = 5_000
const LASTS_MS = 2_000
const SEEN_SKEW_MS = 1_800_000

export const skew: Fault = {
  kind: 'clock-skew',
  lane: 'clock',
  effect:
    'a worker worked on steps while its wall clock was wrong by an hour, after it was set in the middle of its work',
  async inject({ workers, witness, random }) {
    const worker = pick(random, workers.alive)
    if (worker === undefined || !CAN_SET_CLOCKS) return false
    worker.clock.set(pick(random, STEPS_SECONDS) ?? 0)
    const isSeen = await witness.until(
      (line) => 'pid' in line && line.pid === pidOf(worker) && Math.abs(line.wallMs - Date.now()) > SEEN_SKEW_MS,
      SEEN_MS_MAX,
    )
    await sleep(LASTS_MS)
    worker.clock.set(0)
    return isSeen
  },
}
