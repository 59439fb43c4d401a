import type { ErrorInfo, Plan, PlanNode } from '@agentloom/workflow'
import { lease } from '../journal/claim.ts'
import type { CommandContext } from '../journal/context.ts'
import { DueTimes } from '../journal/due.ts'
import { FairQueue } from '../journal/fair-queue.ts'
import { endRun, timeoutError } from '../journal/end.ts'
import { append } from '../journal/notes.ts'
import { rebuildRun } from '../journal/rebuild.ts'
import { reopen } from '../journal/reopen.ts'
import {
  cellOf,
  headerOf,
  isCleanup,
  isClosedTo,
  isOver,
  isResolved,
  type RunState,
  type StepCell,
} from '../journal/run-state.ts'
import { settle, skip } from '../journal/settle.ts'
import { pause } from '../journal/verbs.ts'
import { wakeCell } from '../journal/wait.ts'
import { signal } from '../journal/wake.ts'
import type { LoadedRun, RunStatus, StartRun, UndecidedStep } from '../ports/journal.ts'
import type { SpooledClaim, SpooledFact } from '../ports/spool.ts'
import { planResume } from '../schedule/resume.ts'
import { settledOutcome } from '../schedule/settled-outcome.ts'
import { decide, edgesOf, nodeOf, NO_VERDICTS } from '../schedule/verdicts.ts'
import { stepNode } from '../walk/cleanup-node.ts'
import type { ClaimFacts } from './claim-facts.ts'

/**
 * Plays what a spool knows on a run that lacks it, with the very commands of the journal's model, so that what comes out
 * is a journal as any other: ordered, counted, ended. Neither caps nor budget hinder here: what is played
 * has happened, and a budget that was exceeded ends the run with its next claim.
 *
 * Skips are not spooled: they follow from what their sources came to, and are decided anew.
 */
export class RunPlayer {
  readonly #plan: Plan
  readonly #start: StartRun
  readonly #latestMs: number
  #run: RunState
  /** The highest epoch of a claim that is on record, by step. */
  readonly #epochs = new Map<string, number>()

  constructor(plan: Plan, start: StartRun, loaded: LoadedRun, nowMs: number) {
    this.#plan = plan
    this.#start = start
    this.#latestMs = nowMs
    this.#run = this.#rebuilt(loaded)
    for (const record of loaded.records) if (record.kind === 'claimed') this.#recorded(record.stepId, record.epoch)
  }

  get records(): RunState['records'] {
    return this.#run.records
  }

  /**
   * Plays what came of a claim, where the run is as far as that.
   * @returns whether nothing is left to be done about it: it was played, or the run knows it, or has gone on without it
   */
  play(facts: ClaimFacts): boolean {
    const { claim } = facts
    const run = this.#run
    const cell = run.cells.get(claim.stepId)
    if (this.isLater(facts)) return false
    if (this.#isOfBefore(facts) || this.isResolved(claim.stepId) || isClosedTo(run, claim.stepId)) return true
    const epoch = this.#epochs.get(claim.stepId) ?? 0
    const isHeld = this.isHeld(facts)
    if (claim.epoch <= epoch && !isHeld) return facts.settled?.settlement.kind !== 'success' // claimed again since
    if (cell !== undefined && isCounted(cell, facts)) return true
    if (cell === undefined || !(isHeld || this.#begin(cell, claim))) return false
    this.#go(cell, facts)
    return true
  }

  /** The step, or its run that was over, has been reopened before this claim, and the run does not know of it. */
  isLater(facts: ClaimFacts): boolean {
    if (isCleanup(this.#run, facts.claim.stepId)) return false
    return facts.claim.visit > (this.#run.cells.get(facts.claim.stepId)?.visit ?? 1) || this.#isAfterEnd(facts)
  }

  #isAfterEnd({ claim, settled }: ClaimFacts): boolean {
    const { stepId } = claim
    if (settled?.settlement.kind !== 'success' || this.isResolved(stepId) || !isClosedTo(this.#run, stepId))
      return false
    const end = this.#run.records.findLast(({ kind }) => kind === 'ended' || kind === 'closing')
    return end !== undefined && end.atMs < claim.atMs
  }

  /** The step has been reopened since this claim. */
  isEarlier({ claim }: ClaimFacts): boolean {
    return claim.visit < (this.#run.cells.get(claim.stepId)?.visit ?? 1)
  }

  /** A success is never reopened: a resume that is only guessed here ({@link reopen}) may have taken the step along. */
  #isOfBefore(facts: ClaimFacts): boolean {
    const isSuccess = facts.settled?.settlement.kind === 'success' && !isCleanup(this.#run, facts.claim.stepId)
    return this.isEarlier(facts) && !isSuccess
  }

  /** Whether the facts are of a claim that the journal itself holds, so that it can still be settled by its nonce. */
  isHeld({ claim }: ClaimFacts): boolean {
    const cell = this.#run.cells.get(claim.stepId)
    return cell?.status === 'expired' && cell.visit === claim.visit && this.#epochs.get(claim.stepId) === claim.epoch
  }

  /** Plays a result although the step was claimed again since, or although nobody knows what its sources came to. */
  force(facts: ClaimFacts): void {
    const { stepId } = facts.claim
    const node = this.#node(stepId)
    if (node === undefined) return
    const cell = cellOf(this.#run, stepId, node.index)
    if (cell.status === 'waiting') {
      cell.status = 'ready'
      this.#run.open += 1
    }
    const epoch = Math.max(facts.claim.epoch, (this.#epochs.get(stepId) ?? 0) + 1)
    const claim = { ...facts.claim, epoch }
    if (this.#begin(cell, claim)) this.#go(cell, { ...facts, claim })
  }

  isResolved(stepId: string): boolean {
    return isResolved(this.#run.cells.get(stepId)?.status ?? 'waiting')
  }

  /** Steps that the step stands on and that are not resolved. */
  openSourcesOf(stepId: string): readonly string[] {
    const sources = this.#node(stepId)?.sources ?? []
    return sources.map((index) => this.#plan.nodes[index]?.id ?? '').filter((id) => !this.isResolved(id))
  }

  /** Steps have run in a later visit than the run knows: it was resumed, and with them whatever a resume takes along. */
  reopen(later: readonly ClaimFacts[]): void {
    const run = this.#run
    const ctx = this.#context(Math.min(...later.map(({ claim }) => claim.atMs)))
    // It seemed to have come to its end, as some of its steps were not known to run again.
    if (run.closing !== null && !isOver(run.status)) endRun(run, run.closing.status, run.closing.error, ctx)
    if (run.status === 'queued' || run.status === 'running') pause(run, REASON, ctx)
    const { runId, budgetNanoUsd, timeoutMs } = this.#start
    const planned = planResume(this.#plan, { header: headerOf(run), records: run.records }, { reason: REASON })
    const reopened = planned?.reopened ?? []
    const missing = later
      .filter(({ claim }) => claim.visit > (run.cells.get(claim.stepId)?.visit ?? 1))
      .map(({ claim }) => this.#node(claim.stepId))
      .filter((node) => node !== undefined && !reopened.some(({ step }) => step.stepId === node.id))
      .map((node) => ({
        step: { stepId: node?.id ?? '', rank: node?.index ?? 0 },
        edgeCount: 0,
        verdicts: NO_VERDICTS,
      }))
    reopen(
      run,
      {
        runId,
        reason: REASON,
        recordCount: run.records.length,
        reopened: [...reopened, ...missing],
        counted: [],
        spread: [],
        ready: [],
        unresolvedCount:
          (planned?.unresolvedCount ?? 0) + missing.filter(({ step }) => !isCleanup(run, step.stepId)).length,
        budgetNanoUsd,
        timeoutMs,
      },
      ctx,
    )
    this.#run = this.#rebuilt({ header: headerOf(run), records: run.records })
  }

  /** Ends the run as it has ended. @returns false where that is on record, or something has happened to it since */
  end({ status, error, atMs }: Extract<SpooledFact, { kind: 'ended' }>): boolean {
    const run = this.#run
    const reopened = run.records.findLast(({ kind }) => kind === 'reopened')
    const isOfBefore = reopened !== undefined && reopened.atMs > atMs
    if (isOver(run.status) || run.closing !== null || isOfBefore) return false
    endRun(run, status, error ?? errorOf(status, run.timeoutMs), this.#context(atMs))
    return true
  }

  /** False where the step can't be claimed now. */
  #begin(cell: StepCell, claim: SpooledClaim): boolean {
    const run = this.#run
    const ctx = this.#context(claim.atMs)
    if (cell.status === 'suspended') {
      const { wake } = claim
      if (wake === null) return false
      if (wake.kind === 'signalled' && cell.wait?.kind === 'signal')
        signal(run, { name: cell.wait.name, payload: wake.payload }, ctx)
      // The run kept the signal's first payload; its step was given this one.
      if (run.cells.get(cell.stepId)?.status === 'suspended') wakeCell(run, cell, wake, ctx)
    }
    if (cell.status === 'backoff' || cell.status === 'undecided') cell.status = 'ready'
    if (cell.status !== 'ready' && cell.status !== 'expired') return false
    cell.epoch = claim.epoch - 1
    lease(run, cell, { nonce: claim.nonce, worker: claim.worker, leaseMs: 0 }, ctx)
    this.#recorded(cell.stepId, claim.epoch)
    return true
  }

  #go(cell: StepCell, { claim, notes, settled }: ClaimFacts): void {
    const run = this.#run
    cell.status = 'leased'
    cell.nonce = claim.nonce
    for (const { note, atMs } of notes) append(run, claim, note, this.#context(atMs))
    if (settled !== null) this.#settle(claim, settled)
    if (cell.status === 'leased') cell.status = 'expired'
  }

  #settle(claim: SpooledClaim, { settlement, atMs }: NonNullable<ClaimFacts['settled']>): void {
    const run = this.#run
    const node = this.#node(claim.stepId)
    if (node === undefined) return
    const outcome = settledOutcome(node, settlement)
    const edges = outcome === null ? [] : edgesOf(this.#plan, node, outcome)
    const ctx = this.#context(atMs)
    // The step that ends the run is the one whose end the budget may make another.
    run.budgetNanoUsd = run.unresolved === 1 && !isCleanup(run, node.id) ? this.#start.budgetNanoUsd : null
    const reply = settle(run, { claim, rank: node.index, settlement, edges, next: null }, ctx)
    run.budgetNanoUsd = null
    if (reply.outcome === 'settled') this.#decide(reply.undecided, ctx)
  }

  #decide(undecided: readonly UndecidedStep[], ctx: CommandContext): void {
    const open = [...undecided]
    for (let step = open.pop(); step !== undefined; step = open.pop()) {
      const node = nodeOf(this.#plan, step.stepId)
      const decision = decide(this.#plan, step.verdicts, node.step.join)
      if (decision.run) continue
      const { cause } = decision
      const edges = edgesOf(this.#plan, node, { kind: 'skipped', cause })
      const reply = skip(this.#run, { offer: step, rank: node.index, cause, edges, next: null }, ctx)
      if (reply.outcome === 'settled') open.push(...reply.undecided)
    }
  }

  #rebuilt(loaded: LoadedRun): RunState {
    const run = rebuildRun(this.#plan, { ...this.#start, cap: null }, loaded)
    run.budgetNanoUsd = null
    const ctx = this.#context(0, run)
    this.#run = run
    const undecided = [...run.cells.values()].filter(({ status }) => status === 'undecided')
    this.#decide(
      undecided.map(({ stepId, epoch, verdicts }) => ({ runId: run.start.runId, stepId, epoch, verdicts })),
      ctx,
    )
    return run
  }

  #node(stepId: string): PlanNode | undefined {
    return stepNode(this.#plan, stepId)
  }

  #recorded(stepId: string, epoch: number): void {
    this.#epochs.set(stepId, Math.max(this.#epochs.get(stepId) ?? 0, epoch))
  }

  #context(atMs: number, run = this.#run): CommandContext {
    return {
      nowMs: this.#nowMs(atMs, run),
      due: new DueTimes(),
      fair: new FairQueue(),
      offerMs: null,
      hasLeases: true,
      deathsMax: Number.POSITIVE_INFINITY,
      runOf: () => undefined,
      childrenOf: () => [],
      statusOf: () => null,
      changed: [],
    }
  }

  /** By the store's clock; no record is older than the one before it. */
  #nowMs(atMs: number, run = this.#run): number {
    return Math.max(Math.min(atMs, this.#latestMs), run.records.at(-1)?.atMs ?? 0)
  }
}

/** Two claims may have tried the same attempt, of which the journal took the failure of one only. */
function isCounted({ failures }: StepCell, { claim, settled }: ClaimFacts): boolean {
  return settled?.settlement.kind === 'retry' && claim.attempt !== undefined && claim.attempt <= failures
}

const REASON = 'found in a spool'

/** Null for an end whose error its command makes. */
function errorOf(status: RunStatus, timeoutMs: number | null): ErrorInfo | null {
  if (status === 'timeout') return timeoutError(timeoutMs)
  if (status !== 'cancelled') return null
  return { code: 'run/cancelled', message: 'it was cancelled', place: null, help: null }
}
