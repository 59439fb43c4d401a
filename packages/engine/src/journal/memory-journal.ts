import type {
  Claim,
  ClaimReply,
  ClaimStep,
  Journal,
  LoadedRun,
  Obligation,
  Offer,
  ReopenReply,
  ReopenRun,
  RunFilter,
  RunHeader,
  RunTransition,
  SettleReply,
  SettleStep,
  SkipStep,
  SpreadEdges,
  StartReply,
  StartRun,
  Wish,
} from '../ports/journal.ts'
import { startRun } from './begin.ts'
import { claim } from './claim.ts'
import type { CommandContext } from './context.ts'
import { DueTimes } from './due.ts'
import { RunIdConflictError } from './errors.ts'
import { reopen } from './reopen.ts'
import { settle, skip, spread } from './settle.ts'
import { cancel, heartbeat, obligation, pause, release } from './verbs.ts'
import { headerOf, type RunState } from './run-state.ts'
import type { JournalRecord } from './record.ts'

export interface MemoryJournalOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly offerMs: number | null
  readonly hasLeases: boolean
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
  readonly #due = new DueTimes()
  readonly #options: MemoryJournalOptions

  constructor(options: MemoryJournalOptions) {
    this.#options = options
  }

  /** Takes over a run that was rebuilt from its records. */
  adopt(run: RunState): void {
    this.#runs.set(run.start.runId, run)
    this.#definitions.set(run.start.definition, run.start.definitionText)
    for (const cell of run.cells.values()) {
      const last =
        cell.status === 'backoff'
          ? run.records.findLast((record) => record.kind === 'failed' && record.stepId === cell.stepId)
          : undefined
      if (last?.kind === 'failed') this.#due.set(run.start.runId, cell.stepId, last.retryAtMs ?? 0)
    }
  }

  /** Forgets a run that is over; its records live on where `persist` put them. */
  drop(runId: string): void {
    const run = this.#runs.get(runId)
    if (run === undefined) return
    for (const stepId of run.cells.keys()) this.#due.clear(runId, stepId)
    this.#due.clear(runId, null)
    this.#runs.delete(runId)
  }

  has(runId: string): boolean {
    return this.#runs.has(runId)
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
    const { run, offers } = startRun(start, this.#context())
    this.#runs.set(start.runId, run)
    await this.#save(run, 0, start)
    return { outcome: 'started', offers }
  }

  async claim(command: ClaimStep): Promise<ClaimReply> {
    const run = this.#runs.get(command.offer.runId)
    if (run === undefined) return { outcome: 'refused', reason: 'unknown-run' }
    const from = run.records.length
    const reply = claim(run, command, this.#context())
    const saved = this.#save(run, from)
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

  release(held: Claim, reason: string): Promise<readonly Offer[]> {
    return this.#write(held.runId, [], (run, ctx) => release(run, held, reason, ctx))
  }

  async heartbeat(claims: readonly Claim[], leaseMs: number): Promise<readonly Wish[]> {
    const ctx = this.#context()
    return claims.map((held) => heartbeat(this.#runs.get(held.runId), held, leaseMs, ctx))
  }

  cancel(runId: string, reason: string): Promise<RunTransition> {
    return this.#write(runId, { isDone: false, status: null }, (run, ctx) => cancel(run, reason, ctx))
  }

  pause(runId: string, reason: string): Promise<RunTransition> {
    return this.#write(runId, { isDone: false, status: null }, (run, ctx) => pause(run, reason, ctx))
  }

  reopen(command: ReopenRun): Promise<ReopenReply> {
    return this.#write(command.runId, { outcome: 'refused', status: null }, (run, ctx) => reopen(run, command, ctx))
  }

  async due(limit: number): Promise<readonly Obligation[]> {
    const ctx = this.#context()
    const found: Obligation[] = []
    for (const { runId, stepId } of this.#due.overdue(ctx.nowMs, limit)) {
      const run = this.#runs.get(runId)
      const from = run?.records.length ?? 0
      const overdue = run === undefined ? null : obligation(run, stepId, ctx)
      if (run === undefined) this.#due.clear(runId, stepId)
      else await this.#save(run, from)
      if (overdue !== null) found.push(overdue)
    }
    return found
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
      .filter(
        (header) =>
          (filter.status ?? header.status) === header.status &&
          (filter.workflow ?? header.workflow) === header.workflow,
      )
      .sort((a, b) => b.createdAtMs - a.createdAtMs)
      .slice(0, filter.limit)
  }

  #context(): CommandContext {
    const { now, offerMs, hasLeases } = this.#options
    return { nowMs: now(), due: this.#due, offerMs, hasLeases }
  }

  async #write<Reply>(
    runId: string,
    unknown: Reply,
    apply: (run: RunState, ctx: CommandContext) => Reply,
  ): Promise<Reply> {
    const run = this.#runs.get(runId)
    if (run === undefined) return unknown
    const from = run.records.length
    const reply = apply(run, this.#context())
    await this.#save(run, from)
    return reply
  }

  async #save(run: RunState, from: number, start: StartRun | null = null): Promise<void> {
    if (this.#options.persist === undefined || run.records.length === from) return
    await this.#options.persist({ header: headerOf(run), from, records: run.records.slice(from), start })
  }
}
