import { setTimeout as sleep } from 'node:timers/promises'
import { keysOf } from '@agentloom/bullmq'
import { exited } from '../../crash/fleet.ts'
import { pick } from '../random.ts'
import type { Execution, LogLine } from '../witness.ts'
import type { Worker } from '../workers.ts'
import type { World } from '../world.ts'
import type { Fault } from './fault.ts'
import { pidOf } from './processes.ts'

const FULL_MS_MAX = 12_000
const LASTS_MS = 500
const BACK_MS_MAX = 15_000
/** What the spool has refused lies in its worker's memory until then: one copy at a time is lost. */
const SPOOL_BACK_MS_MAX = 3_000

export const checkpointsFull: Fault = fullDisk(
  'checkpoints-full',
  'the worker that writes checkpoints found its disk full',
  {
    worker: writerOfCheckpoints,
    isSeen: (line) => 'message' in line && /checkpoints are behind.*full/.test(line.message),
  },
)

/** A spool that has been written for a while has pages to use again: only a young one needs room. */
export const spoolFull: Fault = fullDisk('spool-full', 'a worker could not write down a result on its full disk', {
  async worker({ workers, witness, random }) {
    const worker = pick(
      random,
      workers.alive.filter((one) => !workers.isHeld(one)),
    )
    if (worker === undefined) return undefined
    return workers.hold(worker, async () => {
      worker.child.kill('SIGTERM')
      await exited(worker.child)
      workers.restart(worker)
      const isBack = await witness.until(() => witness.hasWorked(pidOf(worker)), BACK_MS_MAX)
      return isBack ? worker : undefined
    })
  },
  isSeen: (line) => 'message' in line && line.message.startsWith('the spool takes nothing'),
})

/** Fills a worker's disk until its log tells of it. */
function fullDisk(
  kind: string,
  effect: string,
  {
    worker: choose,
    isSeen,
  }: {
    readonly worker: (world: World) => Promise<Worker | undefined>
    readonly isSeen: (line: Execution | LogLine) => boolean
  },
): Fault {
  return {
    kind,
    lane: 'disk',
    effect,
    async inject(world) {
      const worker = await choose(world)
      if (worker?.disk == null) return false
      const { disk } = worker
      return world.workers.hold(worker, async () => {
        try {
          disk.fill()
          const isEffective = await world.witness.until(isSeen, FULL_MS_MAX)
          await sleep(LASTS_MS)
          return isEffective
        } finally {
          disk.free()
          await world.witness.until(isSpoolBack, SPOOL_BACK_MS_MAX)
        }
      })
    },
  }
}

function isSpoolBack(line: Execution | LogLine): boolean {
  return 'message' in line && line.message === 'the spool is written again'
}

async function writerOfCheckpoints({ admin, prefix, workers, random }: World): Promise<Worker | undefined> {
  const holder = await admin.get(keysOf(prefix, 0).compactor)
  const free = workers.alive.filter((one) => !workers.isHeld(one)) // else two copies are lost: a full disk and a killed process
  return free.find(({ name }) => name === holder) ?? pick(random, free)
}
