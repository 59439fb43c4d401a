import type { Bell } from '@agentloom/engine'
import type { SimProcess } from './process.ts'
import type { SimWorker } from './worker.ts'
import type { World } from './world.ts'

const LATE_MS = 20_000

/** The queue: it knows what it was told once, like BullMQ, and it may lose, double and mix up everything. */
export class Bells {
  readonly #world: World
  readonly #known = new Set<string>()
  readonly #waiting: Bell[] = []

  constructor(world: World) {
    this.#world = world
  }

  /** @param process whose bell it is: a crash before it is rung loses it */
  ring(process: SimProcess, bells: readonly Bell[]): Promise<void> {
    const { dice, profile } = this.#world
    return new Promise((resolve) => {
      if (!process.isAlive) return
      this.#world.timeline.after(dice.latencyMs(profile.latencyMs), () => {
        for (const bell of bells) this.#add(bell)
        process.after(dice.latencyMs(profile.latencyMs), resolve)
      })
    })
  }

  /** It was in the store that has lost all. */
  forget(): void {
    this.#known.clear()
    this.#waiting.splice(0)
  }

  /** The same bell once more, under a name that the queue does not know. */
  again(bell: Bell): void {
    this.#put(bell)
  }

  /** Gives what waits to workers that have places. */
  dispatch(): void {
    const { dice, workers, timeline, profile } = this.#world
    while (this.#waiting.length > 0) {
      const free = workers.filter((worker) => worker.hasPlace)
      if (free.length === 0) return
      const [bell] = this.#waiting.splice(dice.between(0, this.#waiting.length - 1), 1)
      if (bell === undefined) return
      const worker = dice.pick(free)
      worker.reserve()
      timeline.after(dice.latencyMs(profile.latencyMs), () => this.#deliver(worker, bell))
    }
  }

  #add(bell: Bell): void {
    const { dice, profile, counts, isCalm, timeline } = this.#world
    const id = `${bell.stepId}@${bell.runId}@${bell.epoch}`
    if (this.#known.has(id)) return
    this.#known.add(id)
    this.#world.log?.(`bell ${id}`)
    const happens = (probability: number): boolean => !isCalm && probability > 0 && dice.chance(probability)
    if (happens(profile.bellLost)) {
      if (this.#isAwaited(bell)) counts['bell-lost'] += 1
      return
    }
    if (happens(profile.bellDoubled)) {
      timeline.after(dice.between(0, LATE_MS), () => {
        if (this.#isAwaited(bell)) counts['bell-doubled'] += 1
        this.#put(bell)
      })
    }
    if (happens(profile.bellLate)) {
      timeline.after(dice.between(0, LATE_MS), () => {
        counts['bell-late'] += 1
        this.#put(bell)
      })
      return
    }
    this.#put(bell)
  }

  #put(bell: Bell): void {
    this.#waiting.push(bell)
    this.dispatch()
  }

  /** A bell that comes to a dead worker is lost; what a stopped one has been given waits for it. */
  #deliver(worker: SimWorker, bell: Bell): void {
    if (worker.process.isAlive) worker.process.after(0, () => worker.serve(bell))
    else if (this.#isAwaited(bell)) this.#world.counts['bell-lost'] += 1
  }

  /** The step still is as the bell says. */
  #isAwaited({ runId, stepId, epoch }: Bell): boolean {
    const run = this.#world.store.journal.stateOf(runId)
    const cell = run?.cells.get(stepId)
    return cell?.epoch === epoch && (cell.status === 'ready' || cell.status === 'expired')
  }
}
