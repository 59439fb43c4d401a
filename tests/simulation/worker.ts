import {
  Claims,
  Follower,
  replaySpool,
  Walker,
  type Bell,
  type Journal,
  type Obligation,
  type ReplayParts,
} from '@agentloom/engine'
import type { MemorySpool } from '@agentloom/engine/testing'
import type { Plan } from '@agentloom/workflow'
import { Disk, WitnessedJournal } from './disks.ts'
import { Link, remoteJournal } from './link.ts'
import { SimProcess } from './process.ts'
import { scriptedExecutors } from './scripted.ts'
import { LEASE_MS } from './store.ts'
import type { World } from './world.ts'

const BEAT_MS = LEASE_MS / 4
const SWEEP_MS = 500
const SWEEP_MAX = 100
const TRY_AGAIN_MS = 1_000
/** How often a sweeper does not know whether it has seen the store all the time. */
const UNSTEADY = 0.1
/** For steps whose function this worker lacks. */
const RING_AGAIN_MS = 200

/** A worker: walker, claims and follower are the real ones; beats, sweeps and places are as in `@agentloom/bullmq`. */
export class SimWorker {
  readonly process: SimProcess
  readonly claims: Claims
  readonly link: Link
  readonly hasRare: boolean
  readonly disk: MemorySpool | null
  /** When it may sweep next. */
  nextSweepMs: number
  readonly #world: World
  readonly #remote: Journal
  readonly #spooled: WitnessedJournal | null
  readonly #journal: Journal
  readonly #walker: Walker
  readonly #follower: Follower
  #taken = 0
  #nonces = 0
  #isBeating = false
  #isSweeping = false
  #isDraining = false

  constructor(
    world: World,
    name: string,
    { isGood, spool }: { readonly isGood: boolean; readonly spool: MemorySpool | null },
  ) {
    this.#world = world
    this.disk = spool
    this.process = new SimProcess(name, world.timeline)
    this.hasRare = isGood || !world.dice.chance(world.profile.noHandler)
    this.link = new Link(world, this.process, { isPerfect: false })
    this.#remote = remoteJournal(this.link)
    this.#spooled = this.#withSpool(spool)
    this.#journal = this.#spooled ?? this.#remote
    this.claims = new Claims(this.#journal, LEASE_MS)
    this.nextSweepMs = world.timeline.nowMs + world.dice.between(0, SWEEP_MS)
    const { plans } = world
    const executors = scriptedExecutors(world, this.process, this)
    const doorbell = { ring: (bells: readonly Bell[]) => world.bells.ring(this.process, bells) }
    const observe = (): void => undefined
    this.#follower = new Follower({ journal: this.#journal, doorbell, plans, observe })
    this.#walker = new Walker({
      journal: this.#journal,
      plans,
      executors,
      claims: this.claims,
      follower: this.#follower,
      worker: name,
      nonce: () => `${name}-${(this.#nonces += 1)}`,
      stepsMax: () => (this.#isDraining ? 0 : world.profile.stepsMax),
    })
  }

  /** Tells the journal what a worker that had died on this host had written down and not told. */
  resend(spool: MemorySpool): void {
    const { counts } = this.#world
    const onReady: ReplayParts['onReady'] = async (plan, _runId, { offers, undecided }) => {
      await this.#follower.ring({ plan, priority: 0 }, offers)
      await this.#follower.decide({ plan, priority: 0 }, undecided)
    }
    const planOf = (hash: string): Plan => this.#world.planBy(hash)
    replaySpool({ spool, journal: this.#remote, planOf, onReady }, 'resend')
      .then((replayed) => {
        for (const { outcome } of replayed) if (outcome === 'resent') counts['resent-from-spool'] += 1
      })
      .catch((error: unknown) => this.#world.failed(`${this.process.name} resending`, error))
  }

  #withSpool(kept: MemorySpool | null): WitnessedJournal | null {
    if (kept === null) return null
    const { profile } = this.#world
    const now = (): number => this.process.clock.now()
    const spool = new Disk(this.#world, this.process, kept)
    const spooled = new WitnessedJournal(this.#world, this.#remote, { spool, order: profile.spoolOrder, now })
    const tryAgain = (): void => {
      if (spooled.failure !== null) void spooled.tryAgain()
      this.process.after(TRY_AGAIN_MS, tryAgain)
    }
    if (profile.diskFull > 0) tryAgain()
    return spooled
  }

  get hasPlace(): boolean {
    return this.process.isRunning && !this.#isDraining && this.#taken < this.#world.profile.places
  }

  get canSweep(): boolean {
    return this.process.isRunning && !this.#isSweeping
  }

  /** A bell is on its way. */
  reserve(): void {
    this.#taken += 1
  }

  serve(bell: Bell): void {
    this.#world.log?.(`${this.process.name} hears ${bell.stepId}@${bell.runId}@${bell.epoch}`)
    const leave = (): void => {
      this.#taken -= 1
      this.#world.bells.dispatch()
    }
    this.#walker.serve(bell, bell.definition).then(
      (result) => {
        leave()
        if (result !== 'no-handler') return
        this.#world.counts['no-handler'] += 1
        this.process.after(RING_AGAIN_MS, () => this.#world.bells.again(bell))
      },
      (error: unknown) => {
        this.#world.failed(`${this.process.name} serving`, error)
        leave()
      },
    )
  }

  /** Prolongs its leases every now and then, as long as it holds any. */
  beatWhileHolding(): void {
    if (this.#isBeating || this.claims.size === 0 || !this.process.isAlive) return
    this.#isBeating = true
    this.process.after(BEAT_MS, () => {
      this.claims
        .beat()
        .catch((error: unknown) => this.#world.failed(`${this.process.name} beating`, error))
        .finally(() => {
          this.#isBeating = false
        })
    })
  }

  sweep(): void {
    this.nextSweepMs = this.#world.timeline.nowMs + SWEEP_MS
    this.#isSweeping = true
    this.#sweep()
      .catch((error: unknown) => this.#world.failed(`${this.process.name} sweeping`, error))
      .finally(() => {
        this.#isSweeping = false
      })
  }

  /** Ends the leases of another one that is silent, or seems to be. */
  takeOver({ process }: SimWorker): void {
    this.#journal
      .takeOver(`${process.name}-`)
      .then((found) => this.#discharge(found))
      .catch((error: unknown) => this.#world.failed(`${this.process.name} taking over`, error))
  }

  async #sweep(): Promise<void> {
    await this.#discharge(await this.#journal.due(SWEEP_MAX, { endsLeases: !this.#world.dice.chance(UNSTEADY) }))
  }

  async #discharge(obligations: readonly Obligation[]): Promise<void> {
    await Promise.all(
      obligations.map((obligation) => {
        if (obligation.kind === 'quarantined') this.#world.counts.quarantine += 1
        return this.#follower
          .discharge(obligation)
          .catch((error: unknown) => this.#world.failed(`${this.process.name} discharging`, error))
      }),
    )
  }

  /** Takes nothing new, gives back what is left after a grace, and is gone. */
  drain(graceMs: number): void {
    this.#isDraining = true
    this.process.after(graceMs, () => {
      this.claims.abort('drain')
      this.process.after(graceMs, () => this.process.crash())
    })
  }
}
