import { isOver, viewTree, type Claims } from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import type { CheckpointWriter } from '../checkpoint/checkpoint-writer.ts'
import type { EmbeddedJournal } from '../journal/embedded-journal.ts'
import type { Bells } from './bells.ts'
import { LiveRun } from './live-run.ts'
import { hasTimer } from './resume.ts'

export interface LiveRunsParts {
  readonly journal: EmbeddedJournal
  readonly writer: CheckpointWriter
  readonly claims: Claims
  readonly bells: Bells
}

/** What this process executes: how runs come to live here, and leave. A child run lives and leaves with the run at the top. */
export class LiveRuns {
  readonly #tops = new Map<string, LiveRun>()
  readonly #topOf = new Map<string, LiveRun>()
  readonly #parts: LiveRunsParts

  constructor(parts: LiveRunsParts) {
    this.#parts = parts
  }

  /** @param under the run whose step waits for the child */
  addChild(childRunId: string, under: string): void {
    const top = this.topOf(under)
    if (top === undefined) return
    this.#topOf.set(childRunId, top)
    top.below.add(childRunId)
  }

  /** A run at the top. */
  get(runId: string): LiveRun | undefined {
    return this.#tops.get(runId)
  }

  /** The run at the top of the one that is named. */
  topOf(runId: string): LiveRun | undefined {
    return this.#tops.get(runId) ?? this.#topOf.get(runId)
  }

  remove(run: LiveRun): void {
    if (this.#tops.get(run.id) === run) this.#tops.delete(run.id)
    for (const childRunId of run.below) this.#topOf.delete(childRunId)
  }

  get size(): number {
    return this.#tops.size
  }

  ids(): readonly string[] {
    return [...this.#tops.keys()]
  }

  all(): readonly LiveRun[] {
    return [...this.#tops.values()]
  }

  /** Where it is paused it may leave memory. */
  lookAtRest(run: LiveRun): void {
    if (this.#isAtRest(run)) void this.#rest(run).catch((error: unknown) => this.lose(run.id, error))
  }

  #isAtRest({ id }: LiveRun): boolean {
    return this.#waitsForSomebody(id)
  }

  /** Paused, or parked for want of a human: more to spend, or another chance for steps that took their process along. */
  #waitsForSomebody(runId: string): boolean {
    const state = this.#parts.journal.stateOf(runId)
    if (state?.status === 'paused' || state?.awaitsBudget === true) return true
    if (state?.status !== 'parked') return false
    const waits = [...state.cells.values()].flatMap(({ wait }) => wait ?? [])
    return waits.every((wait) => {
      if (wait.kind === 'child') return this.#waitsForSomebody(wait.runId)
      return wait.kind === 'gate' || (wait.kind === 'parked' && wait.reason === 'quarantined')
    })
  }

  /** All its gates wait. Where one has a time-out somebody must be there when that is over; else any process may take it. */
  async #rest(run: LiveRun): Promise<void> {
    const loaded = await this.#parts.journal.load(run.id)
    if (loaded === null || !(await hasTimer(this.#parts.journal, loaded))) return this.finish(run)
    this.#parts.writer.add(run.id)
    if (run.isAwaited) run.rest(await viewTree(this.#parts.journal, this.#parts.journal.plans, loaded))
  }

  /** The run is over or paused, and everything of it is on disk: it leaves memory. */
  async finish(run: LiveRun): Promise<void> {
    if (!run.leave()) return
    await this.#endBelow(run)
    const loaded = await this.#parts.journal.load(run.id)
    const view =
      loaded !== null && run.isAwaited ? await viewTree(this.#parts.journal, this.#parts.journal.plans, loaded) : null
    const status = this.#parts.journal.stateOf(run.id)?.status // it may have been woken since
    if (status === undefined || !(isOver(status) || this.#isAtRest(run))) return run.stay()
    const below = [...run.below]
    run.rest(view)
    this.forget(run)
    this.#parts.writer.add(run.id)
    if (isOver(status)) return
    for (const childRunId of below) this.#parts.writer.add(childRunId)
    await Promise.all([run.id, ...below].map((one) => this.#parts.journal.give(one)))
  }

  /** Child runs that the end of their parent has missed: a step had just started them. */
  async #endBelow({ id, below }: LiveRun): Promise<void> {
    const { journal } = this.#parts
    const status = journal.stateOf(id)?.status
    if (status === undefined || !isOver(status)) return
    for (const childRunId of below) {
      const child = journal.stateOf(childRunId)
      if (child !== undefined && !isOver(child.status))
        await journal.cancel(childRunId, `its parent run ended: ${status}`, 'run/parent-ended')
    }
  }

  /** The run cannot go on here. Its records are whole up to the last commit that was acknowledged. */
  lose(runId: string, thrown: unknown): void {
    const run = this.topOf(runId)
    if (run === undefined) return
    run.lose(thrown instanceof Error ? thrown : new Error(String(thrown)))
    this.#parts.claims.abort('lost', run.id)
    const all = [run.id, ...run.below]
    this.forget(run)
    for (const one of all) this.#parts.journal.give(one).catch(() => undefined) // the error that counts is told already
  }

  /** A run begins to be executed here. */
  enliven(runId: string, plan: Plan): LiveRun {
    const run = new LiveRun(runId, plan)
    this.#tops.set(run.id, run)
    this.#parts.journal.keepAlive(true)
    return run
  }

  /** It leaves memory, with what is below it. */
  forget(run: LiveRun): void {
    this.remove(run)
    for (const one of [run.id, ...run.below]) {
      this.#parts.bells.forget(one)
      this.#parts.journal.drop(one)
    }
    if (this.size === 0) this.#parts.journal.keepAlive(false)
  }
}
