import type { Plans } from '@agentloom/engine'
import { MemorySpool } from '@agentloom/engine/testing'
import type { Plan } from '@agentloom/workflow'
import { Audit } from './audit.ts'
import { Bells } from './bells.ts'
import { Dice } from './dice.ts'
import { checkEnding } from './ending.ts'
import { noFaults, type FaultCounts } from './faults.ts'
import { Loss } from './loss.ts'
import { drainMicrotasks } from './microtasks.ts'
import { planOf } from './plans.ts'
import type { SimProcess } from './process.ts'
import { profileOf, type Profile } from './profile.ts'
import { Store } from './store.ts'
import { Timeline } from './timeline.ts'
import { Users } from './users.ts'
import { demand, Violation } from './violation.ts'
import { SimWorker } from './worker.ts'

const OUTAGES = new Set(['ConnectionLostError', 'SpoolError'])
/** Seeds that share a plan. */
const SEEDS_PER_PLAN = 4
/** Virtual time after which a run that has not ended never will. */
const PATIENCE_MS = 20 * 60_000
const EVENTS_MAX = 30_000
/** Of all checks, how many compare with a rebuilt run, too. */
const REBUILT = 0.02
const RESTART_MS_MAX = 8_000
const SILENCE_MS = 3_000
const PAUSE_MS_MAX = 15_000
const SKEW_MS_MAX = 3_600_000

export interface Outcome {
  readonly seed: number
  readonly events: number
  readonly trace: number
  readonly counts: FaultCounts
  readonly violation: Violation | null
}

export type Log = (line: string) => void

/** One seed: a few runs, a few workers, what goes wrong between them, and somebody who looks at every step. */
export class World {
  readonly dice: Dice
  readonly profile: Profile
  readonly timeline: Timeline
  readonly store: Store
  readonly audit: Audit
  readonly bells: Bells
  readonly counts: FaultCounts = noFaults()
  readonly workers: SimWorker[] = []
  readonly plans: Plans
  readonly log: Log | null
  /** The disks of the workers' hosts, by the order of their beginning. */
  readonly spools: MemorySpool[] = []
  /** Faults have stopped. */
  isCalm = false
  readonly #users: Users
  readonly #loss: Loss
  readonly #byHash = new Map<string, Plan>()
  readonly #seed: number
  #violation: Violation | null = null
  #workerCount = 0

  constructor(seed: number, log: Log | null = null) {
    this.#seed = seed
    this.dice = new Dice(seed)
    this.profile = profileOf(this.dice)
    this.timeline = new Timeline(this.dice)
    this.log = log === null ? null : (line) => log(`${this.timeline.nowMs - 1_700_000_000_000} ${line}`)
    this.store = new Store(this.timeline)
    this.audit = new Audit(this.store, (hash) => this.planBy(hash))
    this.bells = new Bells(this)
    this.plans = { get: (hash) => Promise.resolve(this.planBy(hash)) }
    this.#users = new Users(this)
    this.#loss = new Loss(this)
  }

  /** Runs to the end. Must not be called out of a promise reaction. */
  run(): Outcome {
    let events = 0
    try {
      this.#begin()
      const endMs = this.timeline.nowMs + this.profile.calmAfterMs + PATIENCE_MS
      for (; !this.#isDone(); events += 1) {
        this.#step()
        drainMicrotasks()
        this.#look()
        demand(events < EVENTS_MAX, 'I4', () => `it goes on and on: ${this.#openRuns()}`)
        demand(this.timeline.nowMs < endMs, 'I4', () => `it does not end: ${this.#openRuns()}`)
      }
      this.#finish()
    } catch (error) {
      this.#violation ??=
        error instanceof Violation
          ? error
          : new Violation('simulation', error instanceof Error ? (error.stack ?? '') : String(error))
    }
    return { seed: this.#seed, events, trace: this.timeline.trace, counts: this.counts, violation: this.#violation }
  }

  /** An error that a process met: a lost connection, or something that must not be. */
  failed(during: string, error: unknown): void {
    this.log?.(`${during}: ${String(error)}`)
    if (error instanceof Violation) this.#violation ??= error
    else if (!(error instanceof Error) || !OUTAGES.has(error.name))
      this.#violation ??= new Violation(
        'simulation',
        `${during}: ${error instanceof Error ? error.stack : String(error)}`,
      )
  }

  /** Looks at what a process is about to do, and does not get in its way. */
  witness(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.failed('an execution', error)
    }
  }

  /** What was lost has been brought back, as far as anybody knew it. */
  open(): void {
    this.log?.('the store is open again')
    this.store.open()
    for (const runId of this.#users.promised.starts)
      if (!this.store.journal.has(runId)) this.#users.promised.starts.delete(runId)
  }

  /** A process dies where it stands. */
  crash(process: SimProcess): void {
    this.log?.(`${process.name} crashes`)
    const worker = this.workers.find((one) => one.process === process)
    if (worker !== undefined && worker.claims.size > 0) this.counts['crash-holding'] += 1
    process.crash()
    if (worker === undefined) return
    this.#noticeSilence(worker)
    this.timeline.after(this.dice.between(0, RESTART_MS_MAX), () => {
      this.counts['worker-restart'] += 1
      this.#addWorker({ isGood: false })
    })
  }

  #begin(): void {
    const { dice, timeline, profile } = this
    const planNumber = Math.floor(this.#seed / SEEDS_PER_PLAN)
    for (let count = dice.between(1, 3); count > 0; count -= 1) {
      const { plan, byHash, yaml } = planOf(dice.chance(0.8) ? planNumber : planNumber + 1)
      for (const [hash, one] of byHash) this.#byHash.set(hash, one)
      const runId = `r${count}`
      this.log?.(`${runId}:\n${yaml}`)
      timeline.after(dice.between(0, 1_000), () => this.#users.start(runId, plan))
      for (let verbs = dice.between(0, profile.verbs); verbs > 0; verbs -= 1)
        timeline.after(dice.between(0, profile.calmAfterMs), () => this.#users.order(runId))
    }
    this.log?.(JSON.stringify(profile))
    for (let count = 0; count < profile.workers; count += 1) this.#addWorker({ isGood: false })
    this.#sometime(profile.crashes, () => this.#crashOne())
    this.#sometime(profile.pauses, () => this.#pauseOne())
    this.#sometime(profile.clockJumps, () => this.#setOneClock())
    this.#sometime(profile.drains, () => this.#drainOne())
    this.#sometime(profile.losses, () => this.#loss.strike())
    timeline.after(profile.calmAfterMs, () => this.#calm())
  }

  #sometime(times: number, fault: () => void): void {
    for (let count = 0; count < times; count += 1)
      this.timeline.after(this.dice.between(0, this.profile.calmAfterMs - 1), fault)
  }

  #crashOne(): void {
    const worker = this.#anyWorker()
    if (worker === null) return
    this.crash(worker.process)
  }

  #pauseOne(): void {
    const worker = this.#anyWorker()
    if (worker === null) return
    this.log?.(`${worker.process.name} is stopped`)
    if (worker.claims.size > 0) this.counts['pause-holding'] += 1
    worker.process.stop()
    this.#noticeSilence(worker)
    const held = this.#heldBy(worker)
    this.timeline.after(this.dice.between(0, PAUSE_MS_MAX), () => {
      const left = this.#heldBy(worker)
      if (!worker.process.isStopped) return
      if (held.some((nonce) => !left.includes(nonce))) this.counts['lease-lost-in-pause'] += 1
      this.#goOn(worker)
    })
  }

  /** Somebody finds that a worker has not been heard of. */
  #noticeSilence(silent: SimWorker): void {
    if (this.dice.chance(0.5)) return
    this.timeline.after(SILENCE_MS, () => {
      const other = this.#anyWorker()
      if (other === null || silent.process.isRunning) return
      if (this.#heldBy(silent).length > 0)
        this.counts[silent.process.isAlive ? 'takeover-of-living' : 'takeover-of-dead'] += 1
      other.takeOver(silent)
    })
  }

  #goOn(worker: SimWorker): void {
    if (!worker.process.isStopped) return
    this.log?.(`${worker.process.name} goes on`)
    worker.process.goOn()
    this.bells.dispatch()
  }

  /** Nonces of its claims that the store knows. */
  #heldBy({ process }: SimWorker): readonly string[] {
    const { journal, starts } = this.store
    const cells = [...starts.keys()].flatMap((runId) => [...(journal.stateOf(runId)?.cells.values() ?? [])])
    return cells.flatMap(({ nonce }) => (nonce.startsWith(`${process.name}-`) ? [nonce] : []))
  }

  #setOneClock(): void {
    const worker = this.#anyWorker()
    if (worker === null) return
    worker.process.skewMs = this.dice.between(-SKEW_MS_MAX, SKEW_MS_MAX)
    this.counts['clock-jump'] += 1
  }

  #drainOne(): void {
    const worker = this.#anyWorker()
    if (worker === null) return
    this.counts.drain += 1
    worker.drain(this.dice.between(0, 3_000))
    this.timeline.after(this.dice.between(0, RESTART_MS_MAX), () => this.#addWorker({ isGood: false }))
  }

  #anyWorker(): SimWorker | null {
    const running = this.workers.filter(({ process }) => process.isRunning)
    return running.length === 0 ? null : this.dice.pick(running)
  }

  #addWorker({ isGood }: { readonly isGood: boolean }): void {
    const spool = this.profile.hasSpools ? this.#freeSpool() : null
    const worker = new SimWorker(this, `w${(this.#workerCount += 1)}`, { isGood, spool })
    this.workers.push(worker)
    this.log?.(`${worker.process.name} begins`)
    if (spool !== null) worker.resend(spool)
    this.bells.dispatch()
  }

  /** That of a host whose worker is gone, or of a new host. */
  #freeSpool(): MemorySpool {
    const used = new Set(this.workers.flatMap(({ process, disk }) => (process.isAlive && disk !== null ? [disk] : [])))
    const free = this.spools.filter((spool) => !used.has(spool))
    if (free.length > 0 && this.dice.chance(0.7)) return this.dice.pick(free)
    const spool = new MemorySpool()
    this.spools.push(spool)
    return spool
  }

  #calm(): void {
    this.isCalm = true
    this.audit.calmSinceMs = this.timeline.nowMs
    this.log?.('calm')
    for (const worker of this.workers) this.#goOn(worker)
    this.#addWorker({ isGood: true })
    this.#users.care()
  }

  /** The next event: what stands in the timeline, or a worker that finds something overdue. */
  #step(): void {
    const dueMs = this.store.journal.nextDueMs()
    const nextMs = this.timeline.nextMs()
    if (dueMs !== null) {
      let first: SimWorker | null = null
      let firstMs = nextMs ?? Infinity
      for (const worker of this.workers) {
        const sweepMs = Math.max(dueMs, worker.nextSweepMs)
        if (worker.canSweep && sweepMs < firstMs) {
          first = worker
          firstMs = sweepMs
        }
      }
      if (first !== null) {
        this.timeline.nowMs = Math.max(this.timeline.nowMs, firstMs)
        return first.sweep()
      }
    }
    const event = this.timeline.take()
    demand(event !== null, 'I4', () => `nothing happens any more: ${this.#openRuns()}`)
    event?.()
  }

  #look(): void {
    for (const worker of this.workers) worker.beatWhileHolding()
    if (this.#violation !== null) throw this.#violation
    if (!this.store.isTouched || this.store.isShut) return
    this.store.isTouched = false
    this.audit.check()
    if (this.dice.chance(REBUILT)) this.#compareRebuilt()
  }

  #compareRebuilt(): void {
    for (const [runId, audit] of this.audit.runs) {
      const run = this.store.journal.stateOf(runId)
      if (run === undefined) continue
      const { createdAtMs, updatedAtMs, status, error } = run
      const header = { ...run.start, createdAtMs, updatedAtMs, status, error, format: 1 }
      audit.compareRebuilt(run, { header, records: run.records })
    }
  }

  #isDone(): boolean {
    return this.isCalm && !this.store.isShut && this.audit.areAllOver
  }

  #openRuns(): string {
    const { journal, starts } = this.store
    return [...starts.keys()]
      .flatMap((runId) => {
        const run = journal.stateOf(runId)
        const cells = [...(run?.cells.values() ?? [])].map(({ stepId, status }) => `${stepId} ${status}`)
        return run === undefined || this.audit.runs.get(runId)?.endedAs != null
          ? []
          : [`${runId} ${run.status} (${cells.join(', ')})`]
      })
      .join('; ')
  }

  #finish(): void {
    const { journal, starts } = this.store
    const { promised } = this.#users
    for (const runId of promised.starts)
      demand(journal.has(runId), 'I14', () => `${runId} was accepted and is not there`)
    this.#compareRebuilt()
    for (const { runId, name, payload } of this.audit.hasLost ? [] : promised.signals) {
      const kept = this.audit.runs.get(runId)?.signal(name)
      demand(kept === payload, 'I15', () => `${runId}: signal ${name} was accepted and is ${String(kept)}`)
    }
    for (const [runId, start] of starts) {
      const run = journal.stateOf(runId)
      if (run === undefined || (run.status !== 'success' && run.status !== 'failed')) continue
      const { createdAtMs, updatedAtMs, status, error } = run
      const header = { ...start, createdAtMs, updatedAtMs, status, error, format: 1 }
      checkEnding(this.planBy(start.definition), { header, records: run.records })
    }
    for (const runId of starts.keys()) journal.drop(runId)
    demand(journal.nextDueMs() === null, 'I13', () => 'something is due of runs that are no more')
  }

  planBy(hash: string): Plan {
    const plan = this.#byHash.get(hash)
    if (plan === undefined) throw new Error(`no plan ${hash}`)
    return plan
  }
}
