import {
  Claims,
  newRunId,
  Follower,
  isOver,
  startCommand,
  Walker,
  type Bell,
  type EngineEvent,
  type Executors,
  type Observer,
  type RunFilter,
  type RunHeader,
  type RunTransition,
  type RunView,
} from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import { CheckpointWriter } from '../checkpoint/checkpoint-writer.ts'
import type { CheckpointStore } from '../checkpoint/checkpoint-store.ts'
import type { RunWish } from '../journal/asking.ts'
import type { EmbeddedJournal } from '../journal/embedded-journal.ts'
import { StoreError } from '../store/errors.ts'
import { Alarm } from './alarm.ts'
import { Bells } from './bells.ts'
import type { Embedded, EmbeddedStart, ResumeRun, RunHandle } from './embedded.ts'
import { NoHandlerError } from './errors.ts'
import { checkHandlers } from './handlers.ts'
import { LiveRun } from './live-run.ts'
import { listRuns, viewOf } from './look-up.ts'
import { reopenRun, takeRun } from './resume.ts'

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
  readonly #live = new Map<string, LiveRun>()
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
    this.#follower = new Follower({ journal, plans, observe, doorbell: this.#bells })
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
    this.#writer.everyMs(CHECKPOINT_MS, () => this.#live.keys())
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
    const run = known ?? this.#enliven(runId, plan)
    try {
      const { outcome, offers } = await this.journal.start(command)
      if (outcome === 'exists') {
        if (known === undefined) this.#forget(run)
        return this.#handle(runId, known ?? null)
      }
      if (command.timeoutMs !== null) this.#alarm.notLaterThan(clock.now() + command.timeoutMs)
      if (plan.nodes.length === 0) this.#follower.ended(runId, 'success')
      await this.#follower.ring({ plan, priority: command.priority }, offers)
      return this.#handle(runId, run)
    } catch (error) {
      if (known === undefined) this.#forget(run)
      throw error
    }
  }

  async resume(runId: string, options: ResumeRun = {}): Promise<RunHandle> {
    this.#checkOpen()
    const known = this.#live.get(runId)
    if (known !== undefined) return this.#handle(runId, known)
    const resuming = this.#resuming.get(runId)
    if (resuming !== undefined) return resuming
    const resumed = this.#resume(runId, options).finally(() => this.#resuming.delete(runId))
    this.#resuming.set(runId, resumed)
    return resumed
  }

  async #resume(runId: string, options: ResumeRun): Promise<RunHandle> {
    const { journal } = this
    const loaded = await takeRun(journal, this.#parts.checkpoints, runId)
    try {
      const plan = await journal.plans.get(loaded.header.definition)
      checkHandlers(plan, this.#parts.executors.functions)
      const reply = await reopenRun(journal, plan, runId, options)
      if (reply === null) {
        await journal.give(runId)
        return this.#handle(runId, null)
      }
      const run = this.#enliven(runId, plan)
      this.#alarm.notLaterThan(journal.nextDueMs())
      const label = { plan, priority: loaded.header.priority }
      await this.#follower.ring(label, reply.offers)
      await this.#follower.decide(label, reply.undecided)
      const status = (await journal.header(runId))?.status
      if (status !== undefined && isOver(status)) this.#follower.ended(runId, status) // nothing was left to do: a budget was raised
      return this.#handle(runId, run)
    } catch (error) {
      await journal.give(runId)
      throw error
    }
  }

  view(runId: string): Promise<RunView | null> {
    return viewOf(this.journal, this.#parts.checkpoints, runId)
  }

  runs(filter: Partial<RunFilter> = {}): Promise<readonly RunHeader[]> {
    return listRuns(this.journal, this.#parts.checkpoints, filter)
  }

  async cancel(runId: string, reason = 'cancelled'): Promise<RunTransition> {
    const transition = await this.journal.cancel(runId, reason)
    if (transition.isDone && this.#live.has(runId)) {
      this.#claims.abort('cancel', runId)
      this.#follower.ended(runId, 'cancelled')
    }
    return transition
  }

  async pause(runId: string, reason = 'paused'): Promise<RunTransition> {
    const run = this.#live.get(runId)
    const transition = await this.journal.pause(runId, reason)
    if (run === undefined || !transition.isDone) return transition
    this.#bells.forget(runId)
    this.#claims.abort('pause', runId)
    await this.#bells.whenIdle(runId) // what was in flight has been handed back
    await this.#finish(run)
    return transition
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
    for (const run of this.#live.values()) {
      this.#writer.add(run.id)
      run.lose(
        new StoreError('store/closed', this.journal.path, `the journal was closed before run ${run.id} ended`, help),
      )
    }
    await this.#writer.close()
    this.#live.clear()
    await this.journal.close()
  }

  async #serve(bell: Bell): Promise<void> {
    try {
      const served = await this.#walker.serve(bell, bell.definition)
      if (served === 'no-handler') throw new NoHandlerError(bell.stepId, 'of a step that was resumed')
    } catch (error) {
      this.#lose(bell.runId, error)
    }
  }

  async #discharge(): Promise<void> {
    try {
      for (const obligation of await this.journal.due(DUE_MAX)) {
        await this.#follower.discharge(obligation).catch((error: unknown) => this.#lose(obligation.runId, error))
      }
    } catch (error) {
      // The disk failed in the middle of the list, and what had been taken from it is due no more.
      for (const runId of this.#live.keys()) this.#lose(runId, error)
    }
    if (this.#closing === null) this.#alarm.notLaterThan(this.journal.nextDueMs())
  }

  /** Another process asked. */
  async #grant(runId: string, wish: RunWish): Promise<void> {
    try {
      if (!('reason' in wish)) await this.#pass(runId, wish)
      else await (wish.wish === 'cancel' ? this.cancel(runId, wish.reason) : this.pause(runId, wish.reason))
    } catch (error) {
      this.#lose(runId, error)
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
    const plan = await journal.plans.get(reply.label.definition)
    await this.#follower.ring({ plan, priority: reply.label.priority }, reply.offers)
  }

  #observe(event: EngineEvent): void {
    if (event.kind === 'run-ended') {
      const run = this.#live.get(event.runId)
      if (run === undefined || run.hasLeft) return
      this.#parts.observe(event)
      if (event.status !== 'success' && event.status !== 'failed') this.#claims.abort('lost', event.runId)
      void this.#finish(run)
      return
    }
    if (event.kind === 'step-failed' && event.retryInMs !== null) {
      this.#alarm.notLaterThan(this.#parts.executors.clock.now() + event.retryInMs)
    }
    this.#parts.observe(event)
  }

  /** The run is over or paused, and everything of it is on disk: it leaves memory. */
  async #finish(run: LiveRun): Promise<void> {
    if (!run.leave()) return
    const loaded = await this.journal.load(run.id)
    if (loaded !== null) run.end(loaded)
    this.#forget(run)
    this.#writer.add(run.id)
    if (loaded?.header.status === 'paused') await this.journal.give(run.id)
  }

  /** The run cannot go on here. Its records are whole up to the last commit that was acknowledged. */
  #lose(runId: string, thrown: unknown): void {
    const run = this.#live.get(runId)
    if (run === undefined) return
    run.lose(thrown instanceof Error ? thrown : new Error(String(thrown)))
    this.#claims.abort('lost', runId)
    this.#forget(run)
    this.journal.give(runId).catch(() => undefined) // the error that counts is told already
  }

  #enliven(runId: string, plan: Plan): LiveRun {
    const run = new LiveRun(runId, plan)
    this.#live.set(runId, run)
    this.journal.keepAlive(true)
    return run
  }

  #forget(run: LiveRun): void {
    this.#bells.forget(run.id)
    this.#live.delete(run.id)
    this.journal.drop(run.id)
    if (this.#live.size === 0) this.journal.keepAlive(false)
  }

  #handle(id: string, run: LiveRun | null): RunHandle {
    return {
      id,
      result: () => run?.result() ?? this.#resultOf(id),
      cancel: (reason) => this.cancel(id, reason),
      pause: (reason) => this.pause(id, reason),
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
