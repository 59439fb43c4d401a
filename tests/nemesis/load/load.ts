import { setTimeout as sleep } from 'node:timers/promises'
import { MemoryMarkError } from '@agentloom/bullmq'
import { type Client, RedisFullError, type RunStatus } from '@agentloom/bullmq/client'
import type { Witness } from '../witness.ts'
import { judgeRun } from '../verdict/judge-run.ts'
import { isQuarantined } from './quarantine.ts'
import { type Order, SIGNAL } from './orders.ts'

/** A run whose START was acknowledged and whose end was not yet looked at. */
export interface LiveRun {
  readonly runId: string
  readonly order: Order
  readonly acceptedAtMs: number
  isSignalled: boolean
  isCancelled: boolean
  /** When somebody looked last why it is parked. */
  parkedLookAtMs: number
  /** Redis does not have it, at the last look. */
  isGone: boolean
}

export interface LoadOptions {
  readonly client: Client
  readonly witness: Witness
  readonly order: () => Order
  /** Runs at once. */
  readonly liveMax: number
  readonly now: () => number
}

const TICK_MS = 150
const STARTS_PER_TICK = 6
const PARKED_LOOK_MS = 1_000
/** A START that a full Redis refused is sent again. */
const FULL_RETRY_MS = 100
const OVER: ReadonlySet<RunStatus> = new Set(['success', 'failed', 'timeout', 'budget_exceeded', 'cancelled'])

/** Starts runs, plays the human of those that wait for one, and looks at how each ends. */
export class Load {
  readonly #options: LoadOptions
  readonly live = new Map<string, LiveRun>()
  readonly endedAs = new Map<string, RunStatus>()
  readonly problems: string[] = []
  /** By message: what went wrong while looking, and was tried again. */
  readonly trouble = new Map<string, number>()
  accepted = 0
  refusedFull = 0
  /** Steps that had lost three workers, and were let go on. */
  unquarantined = 0
  isStarting = true
  #count = 0

  constructor(options: LoadOptions) {
    this.#options = options
  }

  /** Goes on until `isOver` says so; a tick that fails is followed by the next. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await Promise.all([this.#guarded(() => this.#startSome()), this.#guarded(() => this.#lookAtAll())])
      await sleep(TICK_MS)
    }
  }

  async #startSome(): Promise<void> {
    const present = [...this.live.values()].filter(({ isGone }) => !isGone).length
    const wanted = this.isStarting ? Math.min(STARTS_PER_TICK, this.#options.liveMax - present) : 0
    for (let index = 0; index < wanted; index += 1) await this.#start(this.#options.order())
  }

  /** Sends START until it is acknowledged: with the same id it is one run. */
  async #start(order: Order): Promise<void> {
    const { client, now } = this.#options
    const runId = `${order.kind}-${(this.#count += 1)}`
    for (;;) {
      try {
        await client.start(order.plan, { runId, input: order.input })
        break
      } catch (error) {
        if (!isRefusal(error)) throw error
        this.refusedFull += 1
        await sleep(FULL_RETRY_MS)
      }
    }
    this.accepted += 1
    this.live.set(runId, {
      runId,
      order,
      acceptedAtMs: now(),
      isSignalled: false,
      isCancelled: false,
      parkedLookAtMs: 0,
      isGone: false,
    })
  }

  async #lookAtAll(): Promise<void> {
    await Promise.all([...this.live.values()].map((run) => this.#guarded(() => this.#lookAt(run))))
  }

  async #lookAt(run: LiveRun): Promise<void> {
    const { client, witness, now } = this.#options
    const header = await client.header(run.runId)
    run.isGone = header === null
    if (header === null) return
    if (OVER.has(header.status)) {
      const problems = await judgeRun({ client, witness }, run)
      if (problems === null) return // it has left Redis in between
      this.problems.push(...problems.map((problem) => `${run.runId}: ${problem}`))
      this.endedAs.set(run.runId, header.status)
      this.live.delete(run.runId)
      return
    }
    const { order, runId, acceptedAtMs } = run
    const ageMs = now() - acceptedAtMs
    if (order.signalAfterMs !== null && ageMs > order.signalAfterMs) await this.#signal(run)
    if (order.cancelAfterMs !== null && ageMs > order.cancelAfterMs && !run.isCancelled) {
      await client.cancel(runId, 'the nemesis wants it')
      run.isCancelled = true
    }
    if (header.status === 'parked') await this.#unquarantine(run)
    if (header.status === 'paused') await client.decide(runId, { path: 'gate', decision: order.decision })
  }

  /** What a human does about a step that, as it seems, kills its workers: here it was the nemesis. */
  async #unquarantine(run: LiveRun): Promise<void> {
    const { client, now } = this.#options
    if (now() - run.parkedLookAtMs < PARKED_LOOK_MS) return
    run.parkedLookAtMs = now()
    if (!(await isQuarantined(client, run.runId))) return
    const { outcome } = await client.resume(run.runId, { reason: 'it was the nemesis' })
    if (outcome === 'resumed') this.unquarantined += 1
  }

  /** Once, and again where a loss of data took it. */
  async #signal(run: LiveRun): Promise<void> {
    const { client, now } = this.#options
    const isDue = !run.isSignalled || now() - run.acceptedAtMs > 10_000
    if (!isDue) return
    await client.signal(run.runId, SIGNAL.name, SIGNAL.payload)
    run.isSignalled = true
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      const key = message.replaceAll(/[a-z]+-\d+/g, 'RUN').slice(0, 200)
      this.trouble.set(key, (this.trouble.get(key) ?? 0) + 1)
    }
  }
}

/** There is no room for more runs; those that were accepted go on. */
function isRefusal(error: unknown): boolean {
  return error instanceof RedisFullError || error instanceof MemoryMarkError
}
