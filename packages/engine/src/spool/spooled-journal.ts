import { CLEANUP_STEP, type ErrorInfo } from '@agentloom/workflow'
import { closingOf } from '../fold/closing.ts'
import { DelegatedJournal } from '../journal/delegated-journal.ts'
import type { JournalRecord } from '../journal/record.ts'
import { headerOf, isOver, newRun } from '../journal/run-state.ts'
import type {
  AppendReply,
  CancelCode,
  Claim,
  ClaimedStep,
  ClaimReply,
  ClaimStep,
  Journal,
  Note,
  Obligation,
  Offer,
  RunHeader,
  RunStatus,
  RunTransition,
  SettleReply,
  SettleStep,
  StartReply,
  StartRun,
  Wish,
} from '../ports/journal.ts'
import type { DueOptions } from '../ports/takeover.ts'
import type { Spool, SpooledClaim, SpoolEntry } from '../ports/spool.ts'
import { withRefused } from './with-refused.ts'

export interface SpooledJournalOptions {
  readonly spool: Spool
  /** `parallel`: spool and journal at once, and the answer is handed on when both are done. `before`: one after the other. */
  readonly order: 'parallel' | 'before'
  /** Milliseconds since 1970, by the journal's clock as far as this process knows it. */
  readonly now: () => number
  /** Told when the spool refuses to write, and when it does so no longer (null). */
  readonly onFailure?: (error: Error | null) => void
}

/** Kinds of records that a settlement leaves. */
const SETTLED: ReadonlySet<JournalRecord['kind']> = new Set(['committed', 'failed', 'waiting'])
/** Runs whose beginning need not be put again; a run that is forgotten here is put once more. */
const KNOWN_MAX = 10_000
/** Those that nobody settles, because their walk was cut off, are forgotten in time. */
const CLAIMS_MAX = 20_000

/**
 * A worker's journal that writes down on the worker's own disk what comes of its claims, beside what the journal records: a
 * result counts as committed once it lies in both. Skips are not written down: they follow from results.
 *
 * When the disk refuses, results still go to the journal, no new step is taken, and what was refused is kept and put again.
 */
export class SpooledJournal extends DelegatedJournal {
  readonly #options: SpooledJournalOptions
  /** By nonce: what has been claimed here and not settled. */
  readonly #claims = new Map<string, SpooledClaim>()
  /** By run: its definition and limits as they were put last. */
  readonly #known = new Map<string, { readonly limits: string; readonly put: Promise<void> }>()
  readonly #definitions = new Set<string>()
  readonly #refused: SpoolEntry[] = []
  #failure: Error | null = null

  constructor(journal: Journal, options: SpooledJournalOptions) {
    super(journal)
    this.#options = options
  }

  /** What this worker knows, on its disk or, where that refuses, in its memory. */
  get known(): Spool {
    return withRefused(this.#options.spool, () => this.#refused)
  }

  /** Why the spool takes nothing, or null. */
  get failure(): Error | null {
    return this.#failure
  }

  /** Puts again what the spool has refused. @returns whether it takes entries */
  async tryAgain(): Promise<boolean> {
    try {
      for (let entry = this.#refused[0]; entry !== undefined; entry = this.#refused[0]) {
        await this.#options.spool.put(entry)
        this.#refused.shift()
      }
    } catch (error) {
      this.#failure = asError(error)
      return false
    }
    if (this.#failure !== null) this.#options.onFailure?.(null)
    this.#failure = null
    return true
  }

  override async start(run: StartRun): Promise<StartReply> {
    const reply = await this.journal.start(run)
    if (reply.outcome === 'started')
      await this.#introduce(headerOf(newRun(run, this.#options.now())), run.definitionText)
    return reply
  }

  override async claim(command: ClaimStep): Promise<ClaimReply> {
    if (this.#failure !== null) throw this.#failure
    const reply = await this.journal.claim(command)
    if (reply.outcome !== 'claimed') return reply
    await this.#introduce(reply.header, null)
    this.#remember(reply, command.worker)
    if (reply.claim.stepId === CLEANUP_STEP) await this.#closing(reply.header.runId)
    return reply
  }

  override async settle(command: SettleStep): Promise<SettleReply> {
    const { settlement } = command
    const claim = this.#claims.get(command.claim.nonce)
    const sent = this.#failure === null ? command : { ...command, next: null }
    const fact = claim && ({ kind: 'settled', claim, settlement, atMs: this.#options.now() } as const)
    const reply = await this.#both(fact, () => this.journal.settle(sent))
    if (reply.outcome === 'stale') {
      if (claim !== undefined && !(await this.#hasTaken(claim, null)))
        void this.#put({ kind: 'refused', claim, atMs: this.#options.now() })
      return reply
    }
    this.#claims.delete(command.claim.nonce)
    if (reply.next !== null) this.#remember(reply.next, command.next?.worker ?? '')
    if (isOver(reply.runStatus)) this.ended(command.claim.runId, reply.runStatus, null)
    return reply
  }

  override async append(held: Claim, note: Note): Promise<AppendReply> {
    const claim = this.#claims.get(held.nonce)
    const fact = claim && ({ kind: 'noted', claim, note, atMs: this.#options.now() } as const)
    const reply = await this.#both(fact, () => this.journal.append(held, note))
    if (reply.outcome === 'stale' && claim !== undefined && !(await this.#hasTaken(claim, note)))
      void this.#put({ kind: 'refused', claim, note, atMs: this.#options.now() })
    return reply
  }

  override release(claim: Claim, reason: string): Promise<readonly Offer[]> {
    this.#claims.delete(claim.nonce)
    return super.release(claim, reason)
  }

  override async heartbeat(claims: readonly Claim[], leaseMs: number): Promise<readonly Wish[]> {
    const wishes = await this.journal.heartbeat(claims, leaseMs)
    for (const [index, wish] of wishes.entries())
      if (wish === 'cancel') this.ended(claims[index]?.runId ?? '', 'cancelled', null)
    return wishes
  }

  override async cancel(runId: string, reason: string, code?: CancelCode): Promise<RunTransition> {
    const reply = await this.journal.cancel(runId, reason, code)
    const error: ErrorInfo = { code: code ?? 'run/cancelled', message: reason, place: null, help: null }
    if (reply.isDone) this.ended(runId, 'cancelled', error)
    return reply
  }

  override async due(limit: number, options?: DueOptions): Promise<readonly Obligation[]> {
    const obligations = await this.journal.due(limit, options)
    for (const one of obligations) if (one.kind === 'run-ended') this.ended(one.runId, one.status, null)
    return obligations
  }

  /** The answer of the journal, once what it records lies on this disk, too. */
  async #both<Reply>(entry: SpoolEntry | undefined, write: () => Promise<Reply>): Promise<Reply> {
    if (entry === undefined) return write() // by a claim that was not made here
    if (this.#options.order === 'before') {
      await this.#put(entry)
      return write()
    }
    const [reply] = await Promise.all([write(), this.#put(entry)])
    return reply
  }

  /** A journal that was filled up meanwhile has the settlement, or the note, from this spool, and knows the claim no more. */
  async #hasTaken({ runId, stepId, epoch }: SpooledClaim, note: Note | null): Promise<boolean> {
    const loaded = await this.journal.load(runId)
    return (loaded?.records ?? []).some((record) => {
      if (!('epoch' in record) || record.stepId !== stepId || record.epoch !== epoch) return false
      return note === null ? SETTLED.has(record.kind) : record.kind === 'noted' && record.note === note.text
    })
  }

  /** Never throws: what the disk refuses may still go to the journal. */
  async #put(entry: SpoolEntry): Promise<void> {
    try {
      if (this.#failure !== null) throw this.#failure
      await this.#options.spool.put(entry)
    } catch (error) {
      this.#refused.push(entry)
      if (this.#failure === null) this.#options.onFailure?.(asError(error))
      this.#failure = asError(error)
    }
  }

  /** Puts how a run began, where this process has not; what comes of its steps is put behind it. */
  async #introduce(header: RunHeader, text: string | null): Promise<void> {
    const { runId, definition, budgetNanoUsd, timeoutMs } = header
    const limits = `${definition}/${budgetNanoUsd}/${timeoutMs}`
    const known = this.#known.get(runId)
    if (known?.limits === limits) return known.put // perhaps it is being put for another claim
    const put = this.#putRun(header, text)
    this.#known.delete(runId)
    this.#known.set(runId, { limits, put })
    const [oldest] = this.#known.keys()
    if (this.#known.size > KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest)
    try {
      await put
    } catch (error) {
      this.#known.delete(runId)
      throw error
    }
  }

  async #putRun(header: RunHeader, text: string | null): Promise<void> {
    const { definition } = header
    const isNew = !this.#definitions.has(definition)
    const definitionText = isNew ? (text ?? (await this.journal.definition(definition))) : null
    if (definitionText !== null) this.#definitions.add(definition)
    void this.#put({ kind: 'run', header, definitionText, atMs: this.#options.now() })
  }

  #remember({ claim, visit, wake, attempt }: ClaimedStep, worker: string): void {
    const { runId, stepId, epoch, nonce } = claim
    this.#claims.set(nonce, { runId, stepId, epoch, nonce, worker, visit, wake, attempt, atMs: this.#options.now() })
    const [oldest] = this.#claims.keys()
    if (this.#claims.size > CLAIMS_MAX && oldest !== undefined) this.#claims.delete(oldest)
  }

  /** The run's cleanup has begun: how the run will end is on record, and may not follow from its steps. */
  async #closing(runId: string): Promise<void> {
    const loaded = await this.journal.load(runId)
    const closing = loaded === null ? null : closingOf(loaded.records)
    if (closing !== null) this.ended(runId, closing.status, closing.error)
  }

  /** The spool may drop the run, and its definition with it: should it go on, how it began is put again. */
  forget(runId: string): void {
    this.#known.delete(runId)
    this.#definitions.clear()
  }

  /** An end that may not follow from the steps' results. */
  ended(runId: string, status: RunStatus, error: ErrorInfo | null = null): void {
    if (status === 'success' || status === 'failed' || !this.#known.delete(runId)) return
    void this.#put({ kind: 'ended', runId, status, error, atMs: this.#options.now() })
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
