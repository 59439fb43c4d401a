import { endLeftChildren, Follower, replaySpool, type Bell, type ReplayParts } from '@agentloom/engine'
import type { MemorySpool } from '@agentloom/engine/testing'
import { Link, remoteJournal } from './link.ts'
import { SimProcess } from './process.ts'
import type { World } from './world.ts'

/** Commands that a store forgets when it comes back with an older state. */
const FORGOTTEN_MAX = 40
const NOTICED_MS_MAX = 3_000

/** The store has lost data: no command passes until the spools have told what they know, as behind the gate of `@agentloom/bullmq`. */
export class Loss {
  readonly #world: World
  #count = 0

  constructor(world: World) {
    this.#world = world
  }

  strike(): void {
    const { store, dice, counts, bells, audit, log, timeline } = this.#world
    if (store.isShut) return
    const isTotal = dice.chance(0.4)
    const forgotten = store.lose(isTotal ? Infinity : dice.between(1, FORGOTTEN_MAX))
    log?.(`the store forgets ${forgotten} commands`)
    if (forgotten > 0) counts[isTotal ? 'all-lost' : 'rolled-back'] += 1
    if (isTotal) bells.forget()
    audit.forget()
    store.isShut = true
    timeline.after(dice.between(0, NOTICED_MS_MAX), () => this.#recover())
  }

  #recover(): void {
    const { dice, timeline, isCalm, counts } = this.#world
    const process = new SimProcess(`recovery${(this.#count += 1)}`, timeline)
    if (!isCalm && dice.chance(0.2))
      process.after(dice.between(0, 30), () => {
        if (!this.#world.store.isShut) return
        process.crash()
        counts['recovery-crash'] += 1
        timeline.after(NOTICED_MS_MAX, () => this.#recover())
      })
    this.#replay(process).then(
      () => this.#world.open(),
      (error: unknown) => this.#world.failed('recovery', error),
    )
  }

  async #replay(process: SimProcess): Promise<void> {
    const world = this.#world
    const journal = remoteJournal(new Link(world, process, { isPerfect: true, isPrivileged: true }))
    const doorbell = { ring: (bells: readonly Bell[]) => world.bells.ring(process, bells) }
    const follower = new Follower({ journal, doorbell, plans: world.plans, observe: () => undefined })
    const partsOf = (spool: MemorySpool): ReplayParts => ({
      spool,
      journal,
      planOf: (hash) => world.planBy(hash),
      onReady: async (plan, _runId, { offers, undecided }) => {
        await follower.ring({ plan, priority: 0 }, offers)
        await follower.decide({ plan, priority: 0 }, undecided)
      },
    })
    const filled = new Set<string>()
    for (const mode of ['merge', 'last'] as const)
      for (const spool of world.spools)
        for (const replayed of await replaySpool(partsOf(spool), mode)) {
          world.log?.(JSON.stringify(replayed))
          if (replayed.outcome === 'restored') world.counts['run-restored'] += 1
          if (replayed.outcome !== 'known') filled.add(replayed.runId)
          if (replayed.outcome === 'failed') throw replayed.error
        }
    await endLeftChildren(journal, filled)
  }
}
