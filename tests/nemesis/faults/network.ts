import { setTimeout as sleep } from 'node:timers/promises'
import type { Cut } from '../proxy.ts'
import { between, pick } from '../random.ts'
import type { World } from '../world.ts'
import type { Fault } from './fault.ts'
import { pidOf } from './processes.ts'

const CUT_MS_MAX = 3_000
const DELAY_MS = { min: 300, max: 1_500 }
const DELAY_LASTS_MS = 2_000

export const cutBefore = cut('cut-request', 'before', 'a script call about a run was lost with its connection')
export const cutAfter = cut(
  'cut-reply',
  'after',
  'a script about a run was executed, and its reply was lost with the connection',
)

function cut(kind: string, where: Cut, effect: string): Fault {
  return {
    kind,
    lane: 'network',
    effect,
    async inject({ workers, random }) {
      const worker = pick(random, workers.alive)
      return worker === undefined ? false : worker.proxy.cut(where, CUT_MS_MAX)
    },
  }
}

export const delay: Fault = {
  kind: 'proxy-delay',
  lane: 'network',
  effect: 'what a worker and Redis told each other came late by 0.3 s or more',
  async inject({ workers, witness, random }: World) {
    const worker = pick(random, workers.alive)
    if (worker === undefined) return false
    const { proxy } = worker
    const before = proxy.delayedBytes
    const goesOn = witness.stall(pidOf(worker))
    proxy.delayMs = between(random, DELAY_MS.min, DELAY_MS.max)
    await sleep(DELAY_LASTS_MS)
    proxy.delayMs = 0
    goesOn()
    return proxy.delayedBytes > before
  },
}
