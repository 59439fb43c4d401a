import type { Plan } from '@agentloom/workflow'
import type {
  AppendReply,
  CancelCode,
  Claim,
  ClaimReply,
  ClaimStep,
  Journal,
  LoadedRun,
  Note,
  Obligation,
  Offer,
  ReopenReply,
  ReopenRun,
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
} from '../ports/journal.ts'
import type { DueOptions } from '../ports/takeover.ts'
import type { EraseReply, RestoreReply, RestoreRun } from '../ports/whole-runs.ts'

/** A journal that hands every command on to another: what decorators of a journal begin with. */
export class DelegatedJournal implements Journal {
  protected readonly journal: Journal

  constructor(journal: Journal) {
    this.journal = journal
  }

  start(run: StartRun): Promise<StartReply> {
    return this.journal.start(run)
  }

  claim(command: ClaimStep): Promise<ClaimReply> {
    return this.journal.claim(command)
  }

  settle(command: SettleStep): Promise<SettleReply> {
    return this.journal.settle(command)
  }

  skip(command: SkipStep): Promise<SettleReply> {
    return this.journal.skip(command)
  }

  spread(command: SpreadEdges): Promise<SettleReply> {
    return this.journal.spread(command)
  }

  append(claim: Claim, note: Note): Promise<AppendReply> {
    return this.journal.append(claim, note)
  }

  notes(runId: string, stepId: string): Promise<readonly string[]> {
    return this.journal.notes(runId, stepId)
  }

  wake(command: WakeStep): Promise<WakeReply> {
    return this.journal.wake(command)
  }

  signal(runId: string, name: string, payload: string): Promise<SignalReply> {
    return this.journal.signal(runId, name, payload)
  }

  mirror(runId: string, stepId: string, childStatus: RunStatus): Promise<RunTransition> {
    return this.journal.mirror(runId, stepId, childStatus)
  }

  release(claim: Claim, reason: string): Promise<readonly Offer[]> {
    return this.journal.release(claim, reason)
  }

  heartbeat(claims: readonly Claim[], leaseMs: number): Promise<readonly Wish[]> {
    return this.journal.heartbeat(claims, leaseMs)
  }

  cancel(runId: string, reason: string, code?: CancelCode): Promise<RunTransition> {
    return this.journal.cancel(runId, reason, code)
  }

  pause(runId: string, reason: string): Promise<RunTransition> {
    return this.journal.pause(runId, reason)
  }

  reopen(command: ReopenRun): Promise<ReopenReply> {
    return this.journal.reopen(command)
  }

  takeOver(instance: string): Promise<readonly Obligation[]> {
    return this.journal.takeOver(instance)
  }

  restore(command: RestoreRun, plan: Plan): Promise<RestoreReply> {
    return this.journal.restore(command, plan)
  }

  erase(runId: string, recordCount: number): Promise<EraseReply> {
    return this.journal.erase(runId, recordCount)
  }

  due(limit: number, options?: DueOptions): Promise<readonly Obligation[]> {
    return this.journal.due(limit, options)
  }

  load(runId: string, from?: number): Promise<LoadedRun | null> {
    return this.journal.load(runId, from)
  }

  header(runId: string): Promise<RunHeader | null> {
    return this.journal.header(runId)
  }

  definition(hash: string): Promise<string | null> {
    return this.journal.definition(hash)
  }

  list(filter: RunFilter): Promise<readonly RunHeader[]> {
    return this.journal.list(filter)
  }
}
