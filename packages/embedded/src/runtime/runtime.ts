import {
  bellOf,
  Claims,
  newRunId,
  Follower,
  ForkError,
  forkRun,
  isOver,
  migrateRun,
  RunNotFoundError,
  startCommand,
  Walker,
  checkDecided,
  decideGate,
  DecisionRefusedError,
  pauseTree,
  resumeTree,
  signalTree,
  unparkTree,
  type Bell,
  type DecideReply,
  type EngineEvent,
  type Explanation,
  type Executors,
  type ForkRun,
  type MigrateReply,
  type Observer,
  type RunFilter,
  type RunHeader,
  type RunTransition,
  type RunView,
  type SignalReply,
  type TreeParts,
} from '@agentloom/engine'
import { fromPlain, writeValue, type Plan } from '@agentloom/workflow'
import { CheckpointWriter } from '../checkpoint/checkpoint-writer.ts'
import type { CheckpointStore } from '../checkpoint/checkpoint-store.ts'
import type { RunWish } from '../journal/asking.ts'
import type { EmbeddedJournal } from '../journal/embedded-journal.ts'
import { StoreError } from '../store/errors.ts'
import { Alarm } from './alarm.ts'
import { Bells } from './bells.ts'
import type { DecideRun, Embedded, EmbeddedStart, ForkedRun, ResumeRun, RunHandle } from './embedded.ts'
import { NoHandlerError, RunActiveError, RunCancelledError } from './errors.ts'
import { explain } from './explain.ts'
import { checkHandlers } from './handlers.ts'
import type { LiveRun } from './live-run.ts'
import { LiveRuns } from './live-runs.ts'
import { listRuns, viewOf } from './look-up.ts'
import { bringToRest, bringRun, takeRun } from './resume.ts'

/** Steps that a walk executes before it gives its place to other runs. */
const STEPS_MAX = 64

/** Overdue obligations looked at before others get a turn. */
const DUE_MAX = 256

const CHECKPOINT_MS = 30_000

export interface RuntimeParts {
  readonly journal: EmbeddedJournal
  readonly checkpoints: CheckpointStore
  readonly writesCheckpoints: boolean
  readonly executors: Omit<Executors, 'observe'>
  readonly concurrency: number
  readonly observe: Observer
}

/**
 * The embedded runtime: the engine's walk on a journal in a file. A run is live from START or resume until it is over, paused,
 * or lost to an error of the disk; then it leaves memory, and whoever asks for it reads the file. The journal alone decides what
 * happens to a run; this class tells those who wait, and gives up what is in flight when the journal has said so.
 */
export class Runtime implements Embedded {
  readonly journal: EmbeddedJournal
  readonly #parts: RuntimeParts
  readonly #live: LiveRuns
  readonly #resuming = new Map<string, Promise<RunHandle>>()
  readonly #claims: Claims
  readonly #follower: Follower
  readonly #walker: Walker
  readonly #bells: Bells
  readonly #alarm: Alarm
  readonly #writer: CheckpointWriter
  #closing: Promise<void> | null = null
  #nonces = 0

  constructor(parts: RuntimeParts) {
    const { journal, executors, checkpoints, concurrency } = parts
    this.journal = journal
    this.#parts = parts
    const observe = (event: EngineEvent): void => this.#observe(event)
    this.#bells = new Bells(concurrency, (bell) => this.#serve(bell))
    this.#claims = new Claims(journal, 0) // without leases there is nothing to prolong
    const { plans } = journal
    const doorbell = { ring: (bells: readonly Bell[]) => this.#ring(bells) }
    this.#follower = new Follower({ journal, plans, observe, doorbell })
    this.#walker = new Walker({
      journal,
      plans,
      executors: { ...executors, observe },
      claims: this.#claims,
      follower: this.#follower,
      worker: `${process.pid}`,
      nonce: () => `${(this.#nonces += 1)}`, // fences within this process; the run has no other
      stepsMax: () => STEPS_MAX,
    })
    this.#alarm = new Alarm(executors.clock, () => void this.#discharge())
    this.#writer = new CheckpointWriter({
      journal,
      checkpoints,
      clock: executors.clock,
      isOff: !parts.writesCheckpoints,
    })
    this.#live = new LiveRuns({ journal, writer: this.#writer, claims: this.#claims, bells: this.#bells })
    this.#writer.everyMs(CHECKPOINT_MS, () => this.#live.ids())
    journal.onWish((runId, wish) => void this.#grant(runId, wish))
  }

  get checkpointProblem(): unknown {
    return this.#writer.failure
  }

  async start(plan: Plan, options: EmbeddedStart = {}): Promise<RunHandle> {
    this.#checkOpen()
    const { functions, clock } = this.#parts.executors
    checkHandlers(plan, functions)
    const runId = options.runId ?? newRunId()
    const known = this.#live.get(runId)
    const command = startCommand(plan, { ...options, runId })
    this.journal.plans.add(plan)
    const run = known ?? this.#live.enliven(runId, plan)
    try {
      const { outcome, offers } = await this.journal.start(command)
      if (outcome === 'exists') {
        if (known === undefined) this.#live.forget(run)
        return this.#handle(runId, known ?? null)
      }
      if (command.timeoutMs !== null) this.#alarm.notLaterThan(clock.now() + command.timeoutMs)
      if (plan.nodes.length === 0 && plan.cleanup === null) await this.#follower.ended(runId, 'success')
      await this.#follower.ring({ plan, priority: command.priority }, offers)
      return this.#handle(runId, run)
    } catch (error) {
      if (known === undefined) this.#live.forget(run)
      throw error
    }
  }

  async resume(runId: string, options: ResumeRun = {}): Promise<RunHandle> {
    this.#checkOpen()
    const known = this.#live.get(runId)
    if (known !== undefined) return this.#goOn(known, options)
    const resuming = this.#resuming.get(runId)
    if (resuming !== undefined) return resuming
    const resumed = this.#resume(runId, options).finally(() => this.#resuming.delete(runId))
    this.#resuming.set(runId, resumed)
    return resumed
  }

  /** A run that is live here: paused with a timer, or at work, when only decisions mean anything. */
  async #goOn(run: LiveRun, { reason = 'resumed', ...options }: ResumeRun): Promise<RunHandle> {
    const reply = await run.hold(() => resumeTree(this.#tree, run.id, { reason, ...options }))
    checkDecided(run.id, options, reply)
    this.#live.lookAtRest(run)
    return this.#handle(run.id, run)
  }

  async #resume(runId: string, { reason = 'resumed', ...options }: ResumeRun): Promise<RunHandle> {
    const { journal } = this
    const loaded = await takeRun(journal, this.#parts.checkpoints, runId)
    let run: LiveRun | null = null
    try {
      const plan = await journal.plans.get(loaded.header.definition)
      checkHandlers(plan, this.#parts.executors.functions)
      await unparkTree(this.#tree, loaded, { by: options.by ?? null, rings: false }) // before a death that comes to light now
      await bringToRest(journal, runId)
      run = this.#live.enliven(runId, plan)
      this.#addBelow(runId)
      const live = run
      const reply = await live.hold(() => resumeTree(this.#tree, runId, { reason, ...options, unparks: false }))
      checkDecided(runId, options, reply)
      if (reply.outcome === 'refused') {
        if (reply.status === 'cancelled') throw new RunCancelledError(runId)
        throw new Error(`run ${runId} could not be reopened: it is ${reply.status}`) // it is ours alone
      }
      this.#alarm.notLaterThan(journal.nextDueMs())
      const status = (await journal.header(runId))?.status
      if (status !== undefined && isOver(status)) await this.#follower.ended(runId, status) // it had succeeded, or a budget was raised
      this.#live.lookAtRest(live)
      return this.#handle(runId, live)
    } catch (error) {
      if (run !== null) this.#live.forget(run)
      await journal.give(runId)
      throw error
    }
  }

  /** Child runs that were taken with a run. */
  #addBelow(runId: string): void {
    for (const childRunId of this.journal.childrenHere(runId)) {
      this.#live.addChild(childRunId, runId)
      this.#addBelow(childRunId)
    }
  }

  get #tree(): TreeParts {
    return { journal: this.journal, plans: this.journal.plans, follower: this.#follower }
  }

  async decide(runId: string, { path, decision, by = null, goOn = true }: DecideRun): Promise<DecideReply> {
    this.#checkOpen()
    const run = this.#live.get(runId)
    const decide = () => decideGate(this.#tree, { runId, path, decision, by })
    if (run !== undefined) {
      const reply = await run.hold(decide)
      this.#live.lookAtRest(run)
      return reply
    }
    if (!goOn) return decide()
    try {
      await this.resume(runId, { decisions: [{ path, decision }], by })
      return { outcome: 'decided', path: path ?? '' }
    } catch (error) {
      if (error instanceof RunActiveError) return decide() // through its process
      if (error instanceof DecisionRefusedError) return { outcome: 'refused', reason: error.reason, gates: error.gates }
      throw error
    }
  }

  signal(runId: string, name: string, payload: unknown = null): Promise<SignalReply> {
    this.#checkOpen()
    const tell = () => signalTree(this.#tree, runId, name, writeValue(fromPlain(payload)))
    return this.#live.get(runId)?.hold(tell) ?? tell()
  }

  async fork(runId: string, fork: ForkRun): Promise<ForkedRun> {
    this.#checkOpen()
    const { executors } = this.#parts
    const definition = await this.#broughtDefinition(runId)
    const plan = fork.plan ?? (await this.journal.plans.get(definition))
    checkHandlers(plan, executors.functions)
    const parts = { ...this.#tree, now: () => executors.clock.now() }
    if (fork.isCheck === true) return { ...(await forkRun(parts, runId, fork)), handle: null }
    if (this.#live.get(fork.runId) !== undefined) throw ForkError.taken(fork.runId)
    const run = this.#live.enliven(fork.runId, plan)
    try {
      const reply = await forkRun(parts, runId, fork)
      this.#alarm.notLaterThan(this.journal.nextDueMs())
      return { ...reply, handle: this.#handle(run.id, run) }
    } catch (error) {
      this.#live.forget(run)
      throw error
    }
  }

  /** The run stays at rest: nobody here goes on with it. */
  async migrate(runId: string, to: Plan, options?: { readonly isCheck?: boolean }): Promise<MigrateReply> {
    this.#checkOpen()
    if (this.journal.has(runId)) throw new RunActiveError(runId, { pid: process.pid, host: 'this machine' })
    await this.#broughtDefinition(runId)
    const { journal } = this
    const { plans } = journal
    const doorbell = { ring: async () => undefined }
    const follower = new Follower({ journal, plans, observe: () => undefined, doorbell })
    const reply = await migrateRun(
      { journal, plans, follower, now: () => this.#parts.executors.clock.now() },
      runId,
      to,
      options,
    )
    if (reply.outcome === 'migrated') {
      await journal.give(runId)
      this.#writer.add(runId)
    }
    return reply
  }

  /** Of a run that only its checkpoint may know: the journal has it then. @throws {RunNotFoundError} */
  async #broughtDefinition(runId: string): Promise<string> {
    const here = await this.journal.header(runId)
    if (here !== null) return here.definition
    await bringRun(this.journal, this.#parts.checkpoints, runId)
    const brought = await this.journal.header(runId)
    if (brought === null) throw new RunNotFoundError(runId)
    return brought.definition
  }

  view(runId: string): Promise<RunView | null> {
    return viewOf(this.journal, this.#parts.checkpoints, runId)
  }

  explain(runId: string): Promise<Explanation | null> {
    return explain(this.journal, this.#parts.executors.clock.now(), runId)
  }

  runs(filter: Partial<RunFilter> = {}): Promise<readonly RunHeader[]> {
    return listRuns(this.journal, this.#parts.checkpoints, filter)
  }

  async cancel(runId: string, reason = 'cancelled'): Promise<RunTransition> {
    const transition = await this.journal.cancel(runId, reason)
    if (transition.isDone && this.#live.topOf(runId) !== undefined) {
      this.#claims.abort('cancel', runId)
      if (transition.status !== null && isOver(transition.status)) await this.#follower.ended(runId, transition.status)
      else this.#alarm.notLaterThan(this.journal.nextDueMs()) // it cleans up first
    }
    return transition
  }

  async pause(runId: string, reason = 'paused'): Promise<RunTransition> {
    const run = this.#live.get(runId)
    const transition =
      run === undefined ? await this.journal.pause(runId, reason) : await pauseTree(this, runId, reason)
    if (run === undefined || !transition.isDone) return transition
    const all = [runId, ...run.below]
    for (const one of all) this.#bells.forget(one)
    this.#claims.abort('pause', runId)
    await Promise.all(all.map((one) => this.#bells.whenIdle(one))) // what was in flight has been handed back
    await this.#live.finish(run)
    this.#lookSoon()
    return transition
  }

  /** Bells of a run that leaves are dropped with it, and may have been those that others of its concurrency key wait for. */
  #lookSoon(): void {
    if (this.#closing === null) this.#alarm.notLaterThan(this.#parts.executors.clock.now())
  }

  close({ graceMs = 0 }: { readonly graceMs?: number } = {}): Promise<void> {
    return (this.#closing ??= this.#close(graceMs))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(graceMs: number): Promise<void> {
    const { clock } = this.#parts.executors
    this.#bells.stop()
    this.#alarm.stop()
    const idle = this.#bells.whenIdle()
    if (graceMs > 0) await Promise.race([idle, clock.sleep(graceMs)])
    this.#claims.abort('drain')
    await idle
    const help = 'resume the run to go on with it'
    for (const run of this.#live.all()) {
      for (const one of [run.id, ...run.below]) this.#writer.add(one)
      run.lose(
        new StoreError('store/closed', this.journal.path, `the journal was closed before run ${run.id} ended`, help),
      )
    }
    await this.#writer.close()
    await this.#parts.checkpoints.close()
    for (const run of this.#live.all()) this.#live.remove(run)
    await this.journal.close()
  }

  async #serve(bell: Bell): Promise<Bell | null> {
    try {
      const { result, instead } = await this.#walker.serveOne(bell, bell.definition)
      if (result === 'no-handler') throw new NoHandlerError(bell.stepId, 'of a step that was resumed')
      if (result === 'refused') this.#alarm.notLaterThan(this.journal.nextDueMs()) // a spent budget may have begun the cleanup
      return instead?.label === undefined
        ? null
        : bellOf(await this.journal.plans.get(instead.label.definition), instead, instead.label.priority)
    } catch (error) {
      this.#live.lose(bell.runId, error)
      return null
    }
  }

  async #discharge(): Promise<void> {
    try {
      for (const obligation of await this.journal.due(DUE_MAX)) {
        await this.#follower.discharge(obligation).catch((error: unknown) => this.#live.lose(obligation.runId, error))
      }
    } catch (error) {
      // The disk failed in the middle of the list, and what had been taken from it is due no more.
      for (const runId of this.#live.ids()) this.#live.lose(runId, error)
    }
    if (this.#closing === null) this.#alarm.notLaterThan(this.journal.nextDueMs())
  }

  /** Another process asked. */
  async #grant(runId: string, wish: RunWish): Promise<void> {
    try {
      if (!('reason' in wish)) await this.#pass(runId, wish)
      else await (wish.wish === 'cancel' ? this.cancel(runId, wish.reason) : this.pause(runId, wish.reason))
    } catch (error) {
      this.#live.lose(runId, error)
    }
  }

  /** A decision or a signal from another process. */
  async #pass(runId: string, wish: Extract<RunWish, { readonly wish: 'wake' | 'signal' }>): Promise<void> {
    const { journal } = this
    const reply =
      wish.wish === 'wake'
        ? await journal.wake({ runId, stepId: wish.stepId, wake: wish.wake })
        : await journal.signal(runId, wish.name, wish.payload)
    if (reply.outcome === 'refused') return
    await this.#follower.woken(runId, reply)
  }

  async #ring(bells: readonly Bell[]): Promise<void> {
    for (const { runId } of bells) this.#live.topOf(runId)?.goOn()
    await this.#bells.ring(bells)
  }

  #observe(event: EngineEvent): void {
    if (event.kind === 'run-ended') return this.#observeEnd(event)
    if (event.kind === 'child-started') this.#live.addChild(event.childRunId, event.runId)
    if (event.kind === 'step-waiting') this.#alarm.notLaterThan(this.journal.nextDueMs())
    if (event.kind === 'step-failed' && event.retryInMs !== null)
      this.#alarm.notLaterThan(this.#parts.executors.clock.now() + event.retryInMs)
    this.#parts.observe(event)
    const run = event.kind === 'run-rested' ? this.#live.get(event.runId) : undefined
    if (run !== undefined) this.#live.lookAtRest(run)
  }

  #observeEnd(event: Extract<EngineEvent, { readonly kind: 'run-ended' }>): void {
    const run = this.#live.topOf(event.runId)
    if (run === undefined || run.hasLeft) return
    this.#parts.observe(event)
    if (event.status !== 'success' && event.status !== 'failed') {
      this.#claims.abort('lost', event.runId)
      this.#lookSoon()
    }
    if (event.runId === run.id) void this.#live.finish(run)
  }

  #handle(id: string, run: LiveRun | null): RunHandle {
    return {
      id,
      result: () => run?.result() ?? this.#resultOf(id),
      cancel: (reason) => this.cancel(id, reason),
      pause: (reason) => this.pause(id, reason),
      decide: (decision) => this.decide(id, decision),
      signal: (name, payload) => this.signal(id, name, payload),
    }
  }

  async #resultOf(runId: string): Promise<RunView> {
    const view = await this.view(runId)
    if (view === null) throw new Error(`the journal lost run ${runId}`)
    return view
  }

  #checkOpen(): void {
    if (this.#closing !== null)
      throw new StoreError('store/closed', this.journal.path, 'the journal is closed', 'open it again')
  }
}
