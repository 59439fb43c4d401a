import type {
  AppendReply,
  CancelCode,
  Claim,
  ClaimReply,
  ClaimStep,
  DueOptions,
  EraseReply,
  Journal,
  LoadedRun,
  Note,
  Obligation,
  Offer,
  ReopenReply,
  ReopenRun,
  RestoreReply,
  RestoreRun,
  RunFilter,
  RunHeader,
  RunStatus,
  RunTransition,
  SettleReply,
  SettleStep,
  SignalReply,
  SkipStep,
  SpreadEdges,
  StartReply,
  StartRun,
  WakeReply,
  WakeStep,
  Wish,
} from '../ports/index.ts'
import type { Plan } from '@agentloom/workflow'
import { startRun } from './begin.ts'
import { claim } from './claim.ts'
import type { CommandContext } from './context.ts'
import { DueTimes } from './due.ts'
import { cancel } from './end.ts'
import { RunIdConflictError } from './errors.ts'
import { FairQueue } from './fair-queue.ts'
import { append, notesOf } from './notes.ts'
import { DEATHS_MAX, died, isPoison, quarantine } from './poison.ts'
import { reopen } from './reopen.ts'
import { dueOf, isSameRun, restoreRun, setDue } from './restore.ts'
import { settle, skip, spread } from './settle.ts'
import { heartbeat, obligation, pause, release, takenOver } from './verbs.ts'
import { headerOf, isOver, type RunState } from './run-state.ts'
import { isWanted } from './run-filter.ts'
import { calls, forgetBells, leaveAll, shareOf } from './turns.ts'
import { mirror, signal, wake } from './wake.ts'
import type { JournalRecord } from './record.ts'

export interface MemoryJournalOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly offerMs: number | null
  readonly hasLeases: boolean
  /** False where one process serves all pools from the same places. Default true. */
  readonly hasPools?: boolean
  /** After so many deaths of its workers a step is quarantined. Default 3. */
  readonly deathsMax?: number
  /** Makes records durable; a command answers only after it (claims do not wait: a lost claim is simply no claim). */
  readonly persist?: (change: Change) => Promise<void>
}

/** What one command wrote. */
export interface Change {
  readonly header: RunHeader
  /** Index of the first of `records` in the run's journal. */
  readonly from: number
  readonly records: readonly JournalRecord[]
  /** Present with START. */
  readonly start: StartRun | null
}

/** The journal in memory: the model of the protocol, the embedded runtime's truth while it lives, and the tests' double. */
export class MemoryJournal implements Journal {
  readonly #runs = new Map<string, RunState>()
  readonly #definitions = new Map<string, string>()
  /** How child runs ended that were dropped before their parent: it may not have begun to wait for them. */
  readonly #endedChildren = new Map<string, { readonly parent: string; readonly status: RunStatus }>()
  readonly #due = new DueTimes()
  readonly #fair: FairQueue
  readonly #options: MemoryJournalOptions

  constructor(options: MemoryJournalOptions) {
    this.#options = options
    this.#fair = new FairQueue(options.hasPools)
  }

  /** Takes over a run that was rebuilt from its records. */
  adopt(run: RunState): void {
    run.share = shareOf(run.start, this.#context())
    this.#runs.set(run.start.runId, run)
    this.#definitions.set(run.start.definition, run.start.definitionText)
    const entries = [...run.cells.values()].flatMap((cell) => dueOf(run, cell))
    setDue(run.start.runId, entries, this.#context())
  }

  /** Forgets a run that is over; its records live on where `persist` put them. */
  drop(runId: string): void {
    const run = this.#runs.get(runId)
    if (run === undefined) return
    this.#forget(runId)
    for (const [child, { parent }] of this.#endedChildren) if (parent === runId) this.#endedChildren.delete(child)
    this.rememberChild(run.start.parent?.runId, runId, run.status)
  }

  #forget(runId: string): void {
    const run = this.#runs.get(runId)
    if (run !== undefined) leaveAll(run, this.#context())
    for (const stepId of this.#runs.get(runId)?.cells.keys() ?? []) this.#due.clear(runId, stepId)
    this.#due.clear(runId, null)
    this.#runs.delete(runId)
    this.#endedChildren.delete(runId)
  }

  /** How a child run of a live run ended, for a step that is about to wait for it. */
  protected rememberChild(parent: string | undefined, runId: string, status: RunStatus): void {
    if (parent !== undefined && this.#runs.has(parent) && isOver(status))
      this.#endedChildren.set(runId, { parent, status })
  }

  has(runId: string): boolean {
    return this.#runs.has(runId)
  }

  /** Child runs of a run that are in memory, over or not. */
  childrenHere(runId: string): readonly string[] {
    return this.#childrenOf(runId).map(({ start }) => start.runId)
  }

  /** The run as it is held here; to be read only. */
  stateOf(runId: string): RunState | undefined {
    return this.#runs.get(runId)
  }

  /** Milliseconds since 1970 of the next obligation, or null. */
  nextDueMs(): number | null {
    return this.#due.earliest()
  }

  async start(start: StartRun): Promise<StartReply> {
    const found = this.#runs.get(start.runId)
    if (found !== undefined) {
      if (found.start.definition !== start.definition || found.start.input !== start.input)
        throw new RunIdConflictError(start.runId)
      return { outcome: 'exists', offers: [] }
    }
    this.#definitions.set(start.definition, start.definitionText)
    const ctx = this.#context()
    const { run, offers } = startRun(start, ctx)
    this.#runs.set(start.runId, run)
    await this.#save(run, 0, ctx, start)
    return { outcome: 'started', offers }
  }

  async claim(command: ClaimStep): Promise<ClaimReply> {
    const run = this.#runs.get(command.offer.runId)
    if (run === undefined) return { outcome: 'refused', reason: 'unknown-run' }
    const from = run.records.length
    const ctx = this.#context()
    const reply = claim(run, command, ctx)
    const saved = this.#save(run, from, ctx)
    if (reply.outcome === 'refused') await saved
    else saved.catch(() => undefined) // the commit that follows meets the same failure, and answers with it
    return reply
  }

  settle(command: SettleStep): Promise<SettleReply> {
    return this.#write(command.claim.runId, { outcome: 'stale' }, (run, ctx) => settle(run, command, ctx))
  }

  skip(command: SkipStep): Promise<SettleReply> {
    return this.#write(command.offer.runId, { outcome: 'stale' }, (run, ctx) => skip(run, command, ctx))
  }

  spread(command: SpreadEdges): Promise<SettleReply> {
    return this.#write(command.runId, { outcome: 'stale' }, (run, ctx) => spread(run, command, ctx))
  }

  append(held: Claim, note: Note): Promise<AppendReply> {
    return this.#write(held.runId, { outcome: 'stale' }, (run, ctx) => append(run, held, note, ctx))
  }

  async notes(runId: string, stepId: string): Promise<readonly string[]> {
    return notesOf((await this.load(runId))?.records ?? [], stepId)
  }

  wake(command: WakeStep): Promise<WakeReply> {
    const unknown: WakeReply = { outcome: 'refused', reason: 'unknown-run' }
    return this.#write(command.runId, unknown, (run, ctx) => wake(run, command, ctx))
  }

  signal(runId: string, name: string, payload: string): Promise<SignalReply> {
    const unknown: SignalReply = { outcome: 'refused', reason: 'unknown-run' }
    return this.#write(runId, unknown, (run, ctx) => signal(run, { name, payload }, ctx))
  }

  mirror(runId: string, stepId: string, childStatus: RunStatus): Promise<RunTransition> {
    return this.#write(runId, { isDone: false, status: null }, (run, ctx) => mirror(run, stepId, childStatus, ctx))
  }

  release(held: Claim, reason: string): Promise<readonly Offer[]> {
    return this.#write(held.runId, [], (run, ctx) => release(run, held, reason, ctx))
  }

  async heartbeat(claims: readonly Claim[], leaseMs: number): Promise<readonly Wish[]> {
    const ctx = this.#context()
    return claims.map((held) => heartbeat(this.#runs.get(held.runId), held, leaseMs, ctx))
  }

  cancel(runId: string, reason: string, code: CancelCode = 'run/cancelled'): Promise<RunTransition> {
    return this.#write(runId, { isDone: false, status: null }, (run, ctx) => cancel(run, { reason, code }, ctx))
  }

  pause(runId: string, reason: string): Promise<RunTransition> {
    return this.#write(runId, { isDone: false, status: null }, (run, ctx) => pause(run, reason, ctx))
  }

  reopen(command: ReopenRun): Promise<ReopenReply> {
    return this.#write(command.runId, { outcome: 'refused', status: null }, (run, ctx) => reopen(run, command, ctx))
  }

  async takeOver(instance: string): Promise<readonly Obligation[]> {
    const found: Obligation[] = []
    for (const { runId, stepId } of this.#due.overdue(Infinity, Infinity)) {
      const ended = await this.#write(runId, null, (run, ctx) => takenOver(run, { stepId, instance }, ctx))
      if (ended !== null) found.push(ended)
    }
    return found
  }

  /** The process that held a step has died, as a rebuilt run shows it. @returns whether that quarantined the step */
  async bury(runId: string, stepId: string): Promise<boolean> {
    return this.#write(runId, false, (run, ctx) => {
      const cell = run.cells.get(stepId)
      if (cell?.status !== 'expired') return false
      died(run, cell, ctx)
      if (!isPoison(cell, ctx)) return false
      quarantine(run, cell, ctx)
      return true
    })
  }

  async restore(command: RestoreRun, plan: Plan): Promise<RestoreReply> {
    const { runId, definition, definitionText } = command.start
    const found = this.#runs.get(runId)
    const recordCount = found?.records.length ?? null
    if (recordCount !== command.replaces && !isSameRun(found, command)) return { outcome: 'refused', recordCount }
    const { run, offers, undecided, due } = restoreRun(plan, command, (stepId) => found?.cells.get(stepId)?.epoch ?? 0)
    this.#forget(runId)
    run.share = shareOf(run.start, this.#context())
    this.#runs.set(runId, run)
    this.#definitions.set(definition, definitionText)
    setDue(runId, due, this.#context())
    return { outcome: 'restored', status: run.status, offers, undecided }
  }

  async erase(runId: string, recordCount: number): Promise<EraseReply> {
    const found = this.#runs.get(runId)
    if (found !== undefined && found.records.length !== recordCount)
      return { isDone: false, recordCount: found.records.length }
    this.#forget(runId)
    return { isDone: true, recordCount: null }
  }

  async due(limit: number, { endsLeases = true }: DueOptions = {}): Promise<readonly Obligation[]> {
    const found: Obligation[] = []
    const nowMs = this.#options.now()
    for (const { runId, stepId } of this.#due.overdue(nowMs, limit)) {
      if (!this.#due.isOverdue(runId, stepId, nowMs)) continue
      const run = this.#runs.get(runId)
      const from = run?.records.length ?? 0
      const ctx = this.#context(nowMs)
      const overdue = run === undefined ? null : obligation(run, stepId, { endsLeases }, ctx)
      if (run === undefined) this.#due.clear(runId, stepId)
      else await this.#save(run, from, ctx)
      if (overdue !== null) found.push(overdue)
    }
    return [...found, ...this.#calls(nowMs)]
  }

  async load(runId: string, from = 0): Promise<LoadedRun | null> {
    const run = this.#runs.get(runId)
    return run === undefined ? null : { header: headerOf(run), records: run.records.slice(from) }
  }

  async header(runId: string): Promise<RunHeader | null> {
    const run = this.#runs.get(runId)
    return run === undefined ? null : headerOf(run)
  }

  async definition(hash: string): Promise<string | null> {
    return this.#definitions.get(hash) ?? null
  }

  async list(filter: RunFilter): Promise<readonly RunHeader[]> {
    const headers = [...this.#runs.values()].map(headerOf)
    return headers
      .filter((header) => isWanted(filter, header))
      .sort((a, b) => b.createdAtMs - a.createdAtMs)
      .slice(0, filter.limit)
  }

  /** Bells that are missing: what the last command of a run could not answer, or was answered and got lost. */
  #calls(nowMs: number): readonly Obligation[] {
    const ctx = this.#context(nowMs)
    forgetBells(ctx)
    return calls(null, ctx).flatMap(({ label, ...offer }) =>
      label === undefined ? [] : { kind: 'offer', cause: 'bell', ...offer, ...label },
    )
  }

  #context(nowMs = this.#options.now()): CommandContext {
    const { offerMs, hasLeases, deathsMax = DEATHS_MAX } = this.#options
    const childrenOf = (runId: string): readonly RunState[] => this.#childrenOf(runId)
    const runOf = (runId: string): RunState | undefined => this.#runs.get(runId)
    const statusOf = (runId: string): RunStatus | null =>
      runOf(runId)?.status ?? this.#endedChildren.get(runId)?.status ?? null
    return {
      nowMs,
      due: this.#due,
      fair: this.#fair,
      offerMs,
      hasLeases,
      deathsMax,
      runOf,
      childrenOf,
      statusOf,
      changed: [],
    }
  }

  #childrenOf(runId: string): readonly RunState[] {
    return [...this.#runs.values()].filter(({ start }) => start.parent?.runId === runId)
  }

  async #write<Reply>(
    runId: string,
    unknown: Reply,
    apply: (run: RunState, ctx: CommandContext) => Reply,
  ): Promise<Reply> {
    const run = this.#runs.get(runId)
    if (run === undefined) return unknown
    const from = run.records.length
    const ctx = this.#context()
    const reply = apply(run, ctx)
    await this.#save(run, from, ctx)
    return reply
  }

  async #save(run: RunState, from: number, ctx: CommandContext, start: StartRun | null = null): Promise<void> {
    const { persist } = this.#options
    if (persist === undefined) return
    const changed = [{ run, from, start }, ...ctx.changed.map((other) => ({ ...other, start: null }))]
    const written = changed.filter((one) => one.run.records.length > one.from)
    // Handed over in one turn, for a store that writes such changes together.
    if (written.length > 0)
      await Promise.all(
        written.map((one) =>
          persist({
            header: headerOf(one.run),
            from: one.from,
            records: one.run.records.slice(one.from),
            start: one.start,
          }),
        ),
      )
  }
}
