import type { FunctionDefinition, Plan } from '@agentloom/workflow'
import type { Executors } from '../execute/attempt.ts'
import { functionsOf } from '../execute/function.ts'
import type { Secrets } from '../execute/secrets.ts'
import { viewRunTree } from '../fold/run-tree.ts'
import type { RunView } from '../fold/run-view.ts'
import { isOver } from '../journal/run-state.ts'
import { MemoryJournal } from '../journal/memory-journal.ts'
import { createPlans } from '../plans.ts'
import type { Clock } from '../ports/clock.ts'
import type { Models } from '../ports/models.ts'
import type { Bell, EngineEvent } from '../ports/runtime.ts'
import type { ToolBox } from '../ports/toolbox.ts'
import type { Webhooks } from '../ports/webhooks.ts'
import { startCommand } from '../start.ts'
import { systemClock } from '../system-clock.ts'
import { Claims } from '../walk/claims.ts'
import { decideGate, type DecideReply, type TreeParts } from '../walk/decide-gate.ts'
import { Follower } from '../walk/follow.ts'
import { resumeTree, signalTree } from '../walk/run-tree-verbs.ts'
import { Walker } from '../walk/walker.ts'
import { forkRun, migrateRun, type ForkReply, type ForkRun, type MigrateReply } from '../whole-runs/verbs.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface MemoryRuntimeOptions {
  readonly functions?: readonly FunctionDefinition[]
  readonly models?: Models
  readonly tools?: ToolBox
  readonly webhooks?: Webhooks
  readonly secrets?: Secrets
  /** Picks which of the waiting bells is served next: 0 (the first) ≤ n < 1. Default: the first. */
  readonly pick?: () => number
  /** Bells served at once. Default 1. */
  readonly walks?: number
  /** Steps of one walk. Default 64. */
  readonly stepsMax?: number
  /** Where time comes from. Default `virtual`: retries and timers do not wait. `real` is for steps that start processes. */
  readonly time?: 'virtual' | 'real'
  /** Default `/runs/<id>`, which does not exist. */
  readonly runFolder?: (runId: string) => string
}

/** The whole engine on a journal in memory, by default also in virtual time: no disk, no network, no waiting. For tests. */
export class MemoryRuntime {
  /** Stands still under real time. */
  readonly clock = new VirtualClock()
  readonly journal: MemoryJournal
  readonly events: EngineEvent[] = []
  readonly claims: Claims
  readonly walker: Walker
  readonly #follower: Follower
  readonly #plans: ReturnType<typeof createPlans>
  readonly #bells: Bell[] = []
  readonly #options: MemoryRuntimeOptions
  readonly #time: Clock

  constructor(options: MemoryRuntimeOptions = {}) {
    this.#options = options
    this.#time = options.time === 'real' ? systemClock : this.clock
    this.journal = new MemoryJournal({ now: () => this.#time.now(), offerMs: null, hasLeases: false })
    this.#plans = createPlans((hash) => this.journal.definition(hash))
    this.claims = new Claims(this.journal, 10_000)
    const executors: Executors = {
      models: options.models ?? NO_MODELS,
      tools: options.tools ?? NO_TOOLS,
      functions: functionsOf(options.functions ?? []),
      clock: this.#time,
      random: () => 0.5,
      observe: (event) => this.#observe(event),
      ...(options.webhooks !== undefined && { webhooks: options.webhooks }),
      ...(options.secrets !== undefined && { secrets: options.secrets }),
      runFolder: options.runFolder ?? ((runId) => `/runs/${runId}`),
    }
    const { journal, claims } = this
    const plans = this.#plans
    const doorbell = { ring: async (bells: readonly Bell[]) => void this.#bells.push(...bells) }
    this.#follower = new Follower({ journal, doorbell, plans, observe: executors.observe })
    let nonces = 0
    const nonce = (): string => `n${(nonces += 1)}`
    const stepsMax = options.stepsMax ?? 64
    this.walker = new Walker({
      journal,
      plans,
      executors,
      claims,
      follower: this.#follower,
      worker: 'w1',
      nonce,
      stepsMax: () => stepsMax,
    })
  }

  async start(plan: Plan, input: unknown = {}, runId = 'run'): Promise<void> {
    this.#plans.add(plan)
    const { offers } = await this.journal.start(startCommand(plan, { runId, input }))
    await this.#follower.ring({ plan, priority: 0 }, offers)
  }

  /** What failed runs again; gates get the decisions that are given. */
  async resume(
    _plan: Plan,
    runId = 'run',
    decisions: Readonly<Record<string, string>> = {},
    budgetNanoUsd?: number,
  ): Promise<void> {
    const given = Object.entries(decisions).map(([path, decision]) => ({ path, decision }))
    const budget = budgetNanoUsd === undefined ? {} : { budgetNanoUsd }
    await resumeTree(this.#parts, runId, { reason: 'test', decisions: given, ...budget })
  }

  decide(path: string | null, decision: string, runId = 'run'): Promise<DecideReply> {
    return decideGate(this.#parts, { runId, path, decision, by: 'test' })
  }

  async signal(name: string, payload: unknown, runId = 'run'): Promise<void> {
    await signalTree(this.#parts, runId, name, JSON.stringify(payload))
  }

  fork(runId: string, fork: ForkRun): Promise<ForkReply> {
    return forkRun({ ...this.#parts, now: () => this.#time.now() }, runId, fork)
  }

  migrate(runId: string, to: Plan): Promise<MigrateReply> {
    return migrateRun({ ...this.#parts, now: () => this.#time.now() }, runId, to)
  }

  pause(runId = 'run'): Promise<unknown> {
    return this.journal.pause(runId, 'test')
  }

  /** Serves bells, and lets time pass when only timers are left, until nothing is to be done. Nobody sits before a gate till it times out. */
  async settle(): Promise<void> {
    const { pick = () => 0, walks = 1 } = this.#options
    const serving = new Set<Promise<unknown>>()
    for (;;) {
      while (serving.size < walks && this.#bells.length > 0) {
        const [bell] = this.#bells.splice(Math.floor(pick() * this.#bells.length), 1)
        if (bell === undefined) break
        const walk: Promise<unknown> = this.walker.serve(bell, bell.definition).finally(() => serving.delete(walk))
        serving.add(walk)
      }
      if (serving.size > 0) await this.#servedOrDue(serving)
      else if (this.#bells.length === 0 && !((await this.#isAnyAtWork()) && (await this.passTime()))) return
    }
  }

  async view(_plan: Plan, runId = 'run'): Promise<RunView> {
    const view = await viewRunTree(this.journal, this.#plans, runId)
    if (view === null) throw new Error(`no run ${runId}`)
    return view
  }

  async run(plan: Plan, input: unknown = {}): Promise<RunView> {
    await this.start(plan, input)
    await this.settle()
    return this.view(plan)
  }

  /** Lets time pass until the next thing is due, whatever the runs wait for. False when nothing is. */
  async passTime(): Promise<boolean> {
    const nextMs = this.journal.nextDueMs()
    if (nextMs === null) return false
    const waitMs = Math.max(0, nextMs - this.#time.now())
    if (this.#time === this.clock) this.clock.advance(waitMs)
    else await this.#time.sleep(waitMs)
    for (const obligation of await this.journal.due(100)) await this.#follower.discharge(obligation)
    return true
  }

  /** Whether something of the run comes by itself: looking after child runs brings nothing where these do nothing. */
  #hasTimer(runId: string): boolean {
    const run = this.journal.stateOf(runId)
    if (run === undefined || isOver(run.status)) return false
    if (run.start.timeoutMs !== null || run.closing !== null) return true
    return [...run.cells.values()].some(({ status, wait }) => {
      if (wait === null) return status === 'backoff'
      if (wait.kind === 'child') {
        const child = this.journal.stateOf(wait.runId)?.status
        return child !== 'parked' && child !== 'paused'
      }
      return wait.kind === 'timer' || ('timeoutMs' in wait ? wait.timeoutMs : wait.checkMs) !== null
    })
  }

  /** In real time a run's deadline may come while its steps are served. */
  async #servedOrDue(serving: ReadonlySet<Promise<unknown>>): Promise<void> {
    const nextMs = this.journal.nextDueMs()
    if (this.#time === this.clock || nextMs === null) return void (await Promise.race(serving))
    const served = new AbortController()
    const due = this.#time.sleep(Math.max(0, nextMs - this.#time.now()), served.signal).then(
      () => true,
      () => false,
    )
    const isDue = await Promise.race([due, Promise.race(serving).then(() => false)])
    served.abort()
    if (isDue) for (const obligation of await this.journal.due(100)) await this.#follower.discharge(obligation)
  }

  async #isAnyAtWork(): Promise<boolean> {
    const runs = await this.journal.list({ limit: RUNS_MAX, withChildren: true })
    const tops = runs.filter(({ parent }) => parent === null)
    if (tops.every(({ status }) => status === 'paused' || isOver(status))) return false
    return runs.some(({ runId }) => this.#hasTimer(runId))
  }

  /** As the embedded runtime does: a run that ends above its steps takes them along. */
  #observe(event: EngineEvent): void {
    this.events.push(event)
    if (event.kind === 'run-ended' && event.status !== 'success' && event.status !== 'failed')
      this.claims.abort('lost', event.runId)
  }

  get #parts(): TreeParts {
    return { journal: this.journal, plans: this.#plans, follower: this.#follower }
  }
}

/** More than any test starts. */
const RUNS_MAX = 10_000

const NO_MODELS: Models = {
  call: () => Promise.reject(new Error('this test has no models')),
}

const NO_TOOLS: ToolBox = {
  names: () => [],
  call: () => Promise.reject(new Error('this test has no tools')),
  onUnknown: () => 'retry',
  verify: () => Promise.reject(new Error('this test has no tools')),
  attach: () => Promise.reject(new Error('this test has no attachments')),
}
