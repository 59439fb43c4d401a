import { setTimeout as sleep } from 'node:timers/promises'
import { exited } from '../../crash/fleet.ts'
import { between, pick } from '../random.ts'
import { isRefusal } from '../witness.ts'
import type { Worker } from '../workers.ts'
import type { World } from '../world.ts'
import type { Fault } from './fault.ts'

const LEASE_MS = 4_000
const HOLDER_POLL_MS = 20
const HOLDER_MS_MAX = 3_000
/** After the grace period comes the farewell. */
const DRAIN_MS_MAX = 15_000
const REFUSAL_MS_MAX = 6_000
const SIGTERM_EXIT_CODE = 143

export const sigkill: Fault = {
  kind: 'sigkill',
  lane: 'process',
  effect: 'a worker was killed in the middle of a step',
  async inject(world) {
    const worker = await holder(world)
    if (worker === null) return false
    return world.workers.hold(worker, async () => {
      const pid = pidOf(worker)
      worker.child.kill('SIGKILL')
      await exited(worker.child)
      await world.witness.read()
      const held = world.witness.openOf(pid).size
      world.workers.restart(worker)
      return held > 0
    })
  },
}

export const sigterm: Fault = {
  kind: 'sigterm',
  lane: 'process',
  effect: 'a worker that held steps drained and went with 143',
  async inject(world) {
    const worker = await holder(world)
    if (worker === null) return false
    return world.workers.hold(worker, async () => {
      worker.child.kill('SIGTERM')
      const timer = setTimeout(() => worker.child.kill('SIGKILL'), DRAIN_MS_MAX)
      const end = await exited(worker.child)
      clearTimeout(timer)
      world.workers.restart(worker)
      return end === SIGTERM_EXIT_CODE
    })
  },
}

export const sigstop: Fault = {
  kind: 'sigstop',
  lane: 'process',
  effect: 'a worker stood still for longer than its lease, and a step it went on with was refused',
  async inject(world) {
    const worker = await holder(world)
    if (worker === null) return false
    return world.workers.hold(worker, async () => {
      const pid = pidOf(worker)
      const goesOn = world.witness.stall(pid)
      worker.child.kill('SIGSTOP')
      await world.witness.read()
      const held = new Set([...world.witness.openOf(pid)].map((key) => key.split(' ').slice(0, 2).join(' ')))
      const refused = world.witness.until(
        (line) => isRefusal(line) && held.has(`${line.run_id} ${line.step_id}`),
        LEASE_MS + 2_500 + REFUSAL_MS_MAX,
      )
      await sleep(LEASE_MS + between(world.random, 500, 2_500))
      worker.child.kill('SIGCONT')
      goesOn()
      return held.size > 0 && (await refused)
    })
  },
}

/** A worker that is in the middle of a step. */
async function holder({ workers, witness, random }: World): Promise<Worker | null> {
  for (let waitedMs = 0; waitedMs < HOLDER_MS_MAX; waitedMs += HOLDER_POLL_MS) {
    await witness.read()
    const holding = workers.alive.filter((worker) => !workers.isHeld(worker) && witness.openOf(pidOf(worker)).size > 0)
    const worker = pick(random, holding)
    if (worker !== undefined) return worker
    await sleep(HOLDER_POLL_MS)
  }
  return null
}

export function pidOf({ child, name }: Worker): number {
  if (child.pid === undefined) throw new Error(`worker ${name} did not start`)
  return child.pid
}
