import {
  DelegatedJournal,
  isChildRun,
  type CancelCode,
  type LoadedRun,
  type ReopenReply,
  type ReopenRun,
  type RunFilter,
  type RunHeader,
  type RunStatus,
  type RunTransition,
  type SignalReply,
  type StartReply,
  type StartRun,
  type WakeReply,
  type WakeStep,
} from '@agentloom/engine'
import type { ValueJournal } from '../blobs/value-journal.ts'
import type { AwayRuns, AwayStore } from './away-runs.ts'
import { RunIsAway } from './run-is-away.ts'

/** The journal as clients see it: a run that has left Redis is brought back when it is asked for. */
export class ReturningJournal extends DelegatedJournal {
  readonly #inner: ValueJournal
  readonly #away: AwayRuns
  readonly #store: AwayStore | null

  /** @param store checkpoints at hand; null: workers that have some are asked */
  constructor(inner: ValueJournal, away: AwayRuns, store: AwayStore | null) {
    super(inner)
    this.#inner = inner
    this.#away = away
    this.#store = store
  }

  hasStarted(runId: string, definition: string): boolean {
    return this.#inner.hasStarted(runId, definition)
  }

  override start(run: StartRun): Promise<StartReply> {
    return this.#inner.start(run).catch(async (error: unknown) => {
      if (!(error instanceof RunIsAway)) throw error
      await this.#fetch(run.runId)
      return this.#inner.start(run)
    })
  }

  status(runId: string): Promise<RunStatus | null> {
    return this.#orBack(runId, () => this.#inner.status(runId), isNull)
  }

  watch(runId: string, forMs: number): Promise<RunStatus | null> {
    return this.#inner.watch(runId, forMs)
  }

  override load(runId: string, from?: number): Promise<LoadedRun | null> {
    return this.#orBack(runId, () => this.#inner.load(runId, from), isNull)
  }

  override header(runId: string): Promise<RunHeader | null> {
    return this.#orBack(runId, () => this.#inner.header(runId), isNull)
  }

  override wake(command: WakeStep): Promise<WakeReply> {
    return this.#orBack(command.runId, () => this.#inner.wake(command), isUnknown)
  }

  override signal(runId: string, name: string, payload: string): Promise<SignalReply> {
    return this.#orBack(runId, () => this.#inner.signal(runId, name, payload), isUnknown)
  }

  override cancel(runId: string, reason: string, code?: CancelCode): Promise<RunTransition> {
    return this.#orBack(runId, () => this.#inner.cancel(runId, reason, code), hasNoStatus)
  }

  override pause(runId: string, reason: string): Promise<RunTransition> {
    return this.#orBack(runId, () => this.#inner.pause(runId, reason), hasNoStatus)
  }

  override reopen(command: ReopenRun): Promise<ReopenReply> {
    return this.#orBack(
      command.runId,
      () => this.#inner.reopen(command),
      (reply) => {
        return reply.outcome === 'refused' && reply.status === null
      },
    )
  }

  override async list(filter: RunFilter): Promise<readonly RunHeader[]> {
    const [here, away] = await Promise.all([this.#inner.list(filter), this.#away.list(filter)])
    if (away.length === 0) return here
    const known = new Set(here.map(({ runId }) => runId))
    return [...here, ...away.filter(({ runId }) => !known.has(runId))]
      .sort((a, b) => b.createdAtMs - a.createdAtMs)
      .slice(0, filter.limit)
  }

  async #orBack<Reply>(runId: string, ask: () => Promise<Reply>, isGone: (reply: Reply) => boolean): Promise<Reply> {
    const reply = await ask()
    return isGone(reply) && (await this.#fetch(runId)) ? ask() : reply
  }

  /** A child run comes with the run at the top of its tree. */
  #fetch(runId: string): Promise<boolean> {
    const root = isChildRun(runId) ? runId.slice(0, runId.indexOf('.')) : runId
    return this.#away.fetch(this.#inner, this.#store, root)
  }
}

function isNull(reply: unknown): boolean {
  return reply === null
}

function isUnknown(reply: WakeReply | SignalReply): boolean {
  return reply.outcome === 'refused' && reply.reason === 'unknown-run'
}

function hasNoStatus({ status }: RunTransition): boolean {
  return status === null
}
