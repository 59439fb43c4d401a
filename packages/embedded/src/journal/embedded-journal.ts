import {
  CorruptJournalError,
  createPlans,
  FORMAT,
  isOver,
  isSameRun,
  MemoryJournal,
  NewerFormatError,
  rebuildRun,
  restartCommand,
  restoreRun,
  RunIdConflictError,
  type CancelCode,
  type Change,
  type EraseReply,
  type LoadedRun,
  type MemoryJournalOptions,
  type ReopenReply,
  type ReopenRun,
  type RestoreReply,
  type RestoreRun,
  type RunFilter,
  type RunHeader,
  type RunStatus,
  type RunTransition,
  type SettleReply,
  type SettleStep,
  type SignalReply,
  type StartReply,
  type StartRun,
  type WakeReply,
  type WakeStep,
} from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { RunActiveError } from '../runtime/errors.ts'
import { RefusedWriteError, StoreError } from '../store/errors.ts'
import type { WholeRunReply } from '../store/messages.ts'
import type { Store } from '../store/store.ts'
import { parseWish, signalReplyOf, wakeReplyOf, wishText, type RunWish } from './asking.ts'
import { changesOf } from './changes.ts'
import { cellsOf, headerOf, loadedOf, startCellsOf } from './rows.ts'

/** How long a wish waits for the process that has the run: it looks every 0.5 s. */
const WISH_MS_MAX = 5_000
const WISH_LOOK_MS = 50

/** Definitions whose text is known to be in the file, by hash; forgotten all at once, as sending one again only costs time. */
const SENT_MAX = 1_000

/**
 * A journal in a SQLite file. While a run is live here its truth is in memory, and every command answers when its records
 * are on disk; all other runs, also those of other processes, are read from the file when somebody asks.
 */
export class EmbeddedJournal extends MemoryJournal implements AsyncDisposable {
  /** Plans of the runs in this journal. */
  readonly plans: ReturnType<typeof createPlans>
  readonly #store: Store
  readonly #sent = new Set<string>()

  /** Use {@link openJournal}. */
  constructor(store: Store, options: Omit<MemoryJournalOptions, 'persist'>) {
    super({ ...options, persist: (change) => this.#persist(change) })
    this.#store = store
    this.plans = createPlans((hash) => this.definition(hash))
  }

  /** The file. */
  get path(): string {
    return this.#store.path
  }

  override async start(start: StartRun): Promise<StartReply> {
    try {
      return await super.start(start)
    } catch (error) {
      if (error instanceof RunIdConflictError) throw error // a live run has the id, and stays
      this.drop(start.runId)
      if (!(error instanceof RefusedWriteError) || error.refusal.kind !== 'exists') throw error
      const { hash, input } = error.refusal
      if (hash !== start.definition || input !== start.input) throw new RunIdConflictError(start.runId)
      return { outcome: 'exists', offers: [] }
    }
  }

  override async load(runId: string, from = 0): Promise<LoadedRun | null> {
    const live = await super.load(runId, from)
    if (live !== null) return live
    const rows = await this.#store.call({ name: 'read', run: runId, from })
    return rows === null ? null : loadedOf(rows, from)
  }

  override async header(runId: string): Promise<RunHeader | null> {
    const live = await super.header(runId)
    if (live !== null) return live
    const row = await this.#store.call({ name: 'header', run: runId })
    return row === null ? null : headerOf(row)
  }

  override async definition(hash: string): Promise<string | null> {
    const live = await super.definition(hash)
    if (live !== null) return live
    const found = await this.#store.call({ name: 'definition', hash })
    if (found === null) return null
    const actual = createHash('sha256').update(found.text).digest('hex')
    if (actual !== hash) throw new CorruptJournalError(`of definition ${hash}`, 'its text has another hash')
    return found.text
  }

  /** Damaged runs are left out: each says so itself when it is loaded. */
  override async list(filter: RunFilter): Promise<readonly RunHeader[]> {
    return (await this.listed(filter)).flatMap(({ header }) => header ?? [])
  }

  /** As `list`, with the ids of damaged runs. */
  async listed(filter: RunFilter): Promise<readonly { readonly runId: string; readonly header: RunHeader | null }[]> {
    const { statuses = null, workflow = null, sinceMs = 0, withChildren = false, limit } = filter
    const rows = await this.#store.call({ name: 'list', statuses, workflow, sinceMs, withChildren, limit })
    return rows.map((row) => {
      try {
        return { runId: row.run, header: headerOf(row) }
      } catch (error) {
        if (error instanceof CorruptJournalError) return { runId: row.run, header: null }
        throw error
      }
    })
  }

  /** Also of a run that is not live here: its process is asked, and when it has none the journal is written directly. */
  override async cancel(runId: string, reason: string, code?: CancelCode): Promise<RunTransition> {
    if (this.has(runId)) return super.cancel(runId, reason, code)
    return this.#ask(runId, 'cancel', reason)
  }

  /** As {@link cancel}. @throws {RunActiveError} the process that has the run does not answer */
  override async wake(command: WakeStep): Promise<WakeReply> {
    const { runId, stepId, wake } = command
    if (this.has(runId)) return super.wake(command)
    const reply = await this.#askFor(runId, { wish: 'wake', stepId, wake }, (loaded) => wakeReplyOf(loaded, command))
    return reply === 'nobody' ? this.#whileTaken(runId, () => super.wake(command)) : (reply ?? UNKNOWN_RUN)
  }

  override async signal(runId: string, name: string, payload: string): Promise<SignalReply> {
    if (this.has(runId)) return super.signal(runId, name, payload)
    const signal = { name, payload }
    let isNew = false
    const reply = await this.#askFor<SignalReply>(runId, { wish: 'signal', ...signal }, (loaded) => {
      const found = signalReplyOf(loaded, signal)
      if (found === null) isNew = true
      return found?.outcome === 'kept' ? { ...found, isNew } : found
    })
    if (reply === 'nobody') return this.#whileTaken(runId, () => super.signal(runId, name, payload))
    return reply ?? UNKNOWN_RUN
  }

  /** A step may wait for a child run that has ended and left memory, perhaps that of another process. */
  override async settle(command: SettleStep): Promise<SettleReply> {
    const { settlement, claim } = command
    const child = settlement.kind === 'wait' && settlement.wait.kind === 'child' ? settlement.wait.runId : null
    if (child !== null && !this.has(child)) {
      const header = await this.header(child)
      if (header !== null) this.rememberChild(claim.runId, child, header.status)
    }
    return super.settle(command)
  }

  override async pause(runId: string, reason: string): Promise<RunTransition> {
    if (this.has(runId)) return super.pause(runId, reason)
    return this.#ask(runId, 'pause', reason)
  }

  /** A run that is over was let go of; to go on with it, it is taken again. */
  override async reopen(command: ReopenRun): Promise<ReopenReply> {
    const { runId } = command
    const header = await super.header(runId)
    if (header !== null && isOver(header.status)) {
      const rows = await this.#store.call({ name: 'take', run: runId })
      if (rows !== null && 'owner' in rows) throw new RunActiveError(runId, rows.owner)
    }
    return super.reopen(command)
  }

  /** The run is live here afterwards. @throws {RunActiveError} a living process has it */
  override async restore(command: RestoreRun, plan: Plan): Promise<RestoreReply> {
    const { runId } = command.start
    const live = this.stateOf(runId)
    if (live !== undefined) {
      const replaces = live.records.length
      const reply = super.restore(command, plan) // done when this returns: what is written from now on is of the new run
      if (this.stateOf(runId) !== live) await this.#replaceLive(command, plan, replaces)
      return reply
    }
    const found = await this.#replace(command, plan, command.replaces)
    if (found.outcome === 'done') return super.restore({ ...command, replaces: null }, plan)
    const there = found.recordCount === command.records.length ? await this.load(runId) : null
    const isSame = there !== null && isSameRun({ start: there.header, records: there.records }, command)
    if (!isSame || found.recordCount === command.replaces) return { outcome: 'refused', recordCount: found.recordCount }
    return this.restore({ ...command, replaces: found.recordCount }, plan)
  }

  /** @throws {RunActiveError} a living process has it */
  override async erase(runId: string, recordCount: number): Promise<EraseReply> {
    const live = this.stateOf(runId)
    if (live !== undefined) {
      const reply = super.erase(runId, recordCount)
      if (this.has(runId)) return reply
    }
    const found = this.#answered(runId, await this.#store.call({ name: 'erase', run: runId, recordCount }))
    return found.outcome === 'done'
      ? { isDone: true, recordCount: null }
      : { isDone: false, recordCount: found.recordCount }
  }

  /**
   * Brings a run of the file to life here, as after the death of the process that had it: claims in flight are expired. Its
   * child runs come along, those that are not over and those that only its end had ended: see `childrenHere`.
   * @returns its records, or null when there is no such run
   * @throws {RunActiveError} @throws {CorruptJournalError} @throws {NewerFormatError}
   */
  async take(runId: string): Promise<LoadedRun | null> {
    if (this.has(runId)) throw new RunActiveError(runId, { pid: process.pid, host: 'this machine' })
    const rows = await this.#store.call({ name: 'take', run: runId })
    if (rows === null) return null
    if ('owner' in rows) throw new RunActiveError(runId, rows.owner)
    try {
      const loaded = loadedOf(rows, 0)
      if (loaded.header.format > FORMAT) throw new NewerFormatError(runId, loaded.header.format, FORMAT)
      const plan = await this.plans.get(loaded.header.definition)
      this.adopt(rebuildRun(plan, restartCommand(plan, loaded.header), loaded))
      for (const child of await this.#store.call({ name: 'children', run: runId }))
        if (!this.has(child)) await this.take(child)
      return loaded
    } catch (error) {
      await this.give(runId)
      throw error
    }
  }

  /** Lets go of a run and the child runs below it: they leave memory, and any process may take them. */
  async give(runId: string): Promise<void> {
    const children = this.childrenHere(runId)
    this.drop(runId)
    await this.#store.call({ name: 'give', run: runId })
    for (const child of children) await this.give(child)
  }

  /** Puts a run from elsewhere into the file, at rest and as it is; false when the file has one of this id. */
  async bring({ header, records }: LoadedRun, definitionText: string): Promise<boolean> {
    // All in one turn, hence in one transaction.
    const written = changesOf({ header, records }, definitionText).map((change) => this.#store.write(change))
    const results = await Promise.allSettled(written)
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) {
      const error: unknown = failed.reason
      if (error instanceof RefusedWriteError && error.refusal.kind === 'exists') return false
      throw error
    }
    await this.#store.call({ name: 'give', run: header.runId })
    return true
  }

  /** Those of the runs that the file does not know. */
  unknown(runIds: readonly string[]): Promise<readonly string[]> {
    return this.#store.call({ name: 'unknown', runs: runIds })
  }

  /** The process that has the run, or null. */
  async ownerOf(runId: string): Promise<{ readonly pid: number; readonly host: string } | null> {
    if (this.has(runId)) return { pid: process.pid, host: 'this machine' }
    return (await this.#store.call({ name: 'standing', run: runId }))?.owner ?? null
  }

  /** What other processes want of runs that are live here. */
  onWish(handler: (runId: string, wish: RunWish) => void): void {
    this.#store.onWish((runId, found) => {
      const wish = parseWish(found)
      if (wish !== null) handler(runId, wish)
    })
  }

  /** Whether this journal keeps the process from ending. Default: only while something is on its way to the disk. */
  keepAlive(isKept: boolean): void {
    this.#store.keepAlive(isKept)
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #persist(change: Change): Promise<void> {
    const { start, header } = change
    if (start === null) return this.#store.write(cellsOf(change, null))
    const isSent = this.#sent.has(start.definition)
    if (this.#sent.size >= SENT_MAX) this.#sent.clear()
    this.#sent.add(start.definition)
    const written = this.#store.write(cellsOf(change, startCellsOf(header, isSent ? null : start.definitionText)))
    if (!isSent) written.catch(() => this.#sent.delete(start.definition))
    return written
  }

  async #replaceLive(command: RestoreRun, plan: Plan, replaces: number): Promise<void> {
    const { runId } = command.start
    try {
      const found = await this.#replace(command, plan, replaces)
      if (found.outcome === 'refused') throw new RefusedWriteError(runId, { kind: 'lost' })
    } catch (error) {
      this.drop(runId)
      throw error
    }
  }

  async #replace(
    command: RestoreRun,
    plan: Plan,
    replaces: number | null,
  ): Promise<Exclude<WholeRunReply, { outcome: 'owned' }>> {
    const { runId, definitionText } = command.start
    const { header } = restoreRun(plan, command, () => 0)
    const changes = changesOf({ header, records: command.records }, definitionText)
    return this.#answered(runId, await this.#store.call({ name: 'replace', run: runId, replaces, changes }))
  }

  #answered(runId: string, reply: WholeRunReply | null): Exclude<WholeRunReply, { outcome: 'owned' }> {
    if (reply === null) throw new StoreError('store/read-only', this.path, 'it was opened for reading only')
    if (reply.outcome === 'owned') throw new RunActiveError(runId, reply.owner)
    return reply
  }

  async #ask(runId: string, wish: 'cancel' | 'pause', reason: string): Promise<RunTransition> {
    const isReached = (status: RunStatus): boolean => isOver(status) || (wish === 'pause' && status === 'paused')
    const found = await this.#store.call({ name: 'wish', run: runId, ...wishText({ wish, reason }) })
    if (found === null) return { isDone: false, status: null }
    for (let waitedMs = 0; ; waitedMs += WISH_LOOK_MS) {
      const standing = waitedMs === 0 ? found : await this.#store.call({ name: 'standing', run: runId })
      const status = (await this.header(runId))?.status ?? null
      if (standing === null || status === null) return { isDone: false, status: null }
      if (isReached(status)) return { isDone: waitedMs > 0, status }
      if (standing.owner === null) return this.#directly(runId, wish, reason)
      if (waitedMs >= WISH_MS_MAX) return { isDone: false, status }
      await delay(WISH_LOOK_MS)
    }
  }

  /** Asks the process that has the run, and waits until the records say what came of it; null when there is no such run. */
  async #askFor<Reply>(
    runId: string,
    wish: RunWish,
    replyOf: (loaded: LoadedRun) => Reply | null,
  ): Promise<Reply | 'nobody' | null> {
    for (let waitedMs = 0; ; waitedMs += WISH_LOOK_MS) {
      const loaded = await this.load(runId)
      if (loaded === null) return null
      const reply = replyOf(loaded)
      if (reply !== null) return reply
      const standing = await this.#store.call(
        waitedMs === 0 ? { name: 'wish', run: runId, ...wishText(wish) } : { name: 'standing', run: runId },
      )
      if (standing === null) return null
      if (standing.owner === null) return 'nobody'
      if (waitedMs >= WISH_MS_MAX) throw new RunActiveError(runId, standing.owner)
      await delay(WISH_LOOK_MS)
    }
  }

  #directly(runId: string, wish: 'cancel' | 'pause', reason: string): Promise<RunTransition> {
    return this.#whileTaken(runId, () => (wish === 'cancel' ? super.cancel(runId, reason) : super.pause(runId, reason)))
  }

  /** No process has the run: it is taken, told, and let go of. */
  async #whileTaken<Reply>(runId: string, tell: () => Promise<Reply>): Promise<Reply> {
    await this.take(runId)
    try {
      return await tell()
    } finally {
      await this.give(runId)
    }
  }
}

const UNKNOWN_RUN = { outcome: 'refused', reason: 'unknown-run' } as const
