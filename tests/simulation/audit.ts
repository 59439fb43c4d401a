import { isOver, type Claim, type Wish } from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import { newStepAudit } from './step-audit.ts'
import { RunAudit } from './run-audit.ts'
import type { Store } from './store.ts'
import { demand } from './violation.ts'

/** Looks at every run after every event, and at everything that is executed. */
export class Audit {
  readonly runs = new Map<string, RunAudit>()
  /** Results that were answered as committed, `run:step:visit`. */
  readonly committed = new Set<string>()
  /** The store has lost data at least once. */
  hasLost = false
  /** When faults have stopped. */
  calmSinceMs = Infinity
  readonly #store: Store
  readonly #planOf: (hash: string) => Plan

  constructor(store: Store, planOf: (hash: string) => Plan) {
    this.#store = store
    this.#planOf = planOf
  }

  check(): void {
    const { journal, starts } = this.#store
    for (const [runId, start] of starts) {
      const run = journal.stateOf(runId)
      if (run === undefined) continue
      let audit = this.runs.get(runId)
      if (audit === undefined) {
        audit = new RunAudit(start, this.#planOf(start.definition), this.committed)
        if (this.hasLost) audit.readBack(run)
        this.runs.set(runId, audit)
      }
      audit.check(run)
      audit.checkDeadline(run, this.#store.nowMs, this.calmSinceMs)
    }
  }

  /** What the store knows from now on is another story. */
  forget(): void {
    this.runs.clear()
    this.hasLost = true
  }

  get areAllOver(): boolean {
    const { journal, starts } = this.#store
    for (const runId of starts.keys()) {
      const run = journal.stateOf(runId)
      if (run !== undefined && !isOver(run.status)) return false
    }
    return true
  }

  /** Leases that the journal prolonged. */
  prolonged(claims: readonly Claim[], wishes: readonly Wish[], leaseMs: number): void {
    for (const [index, { runId, stepId, epoch, nonce }] of claims.entries()) {
      const wish = wishes[index]
      const holder = this.#store.journal.stateOf(runId)?.cells.get(stepId)?.nonce
      const goesOn = wish === 'continue' || wish === 'pause'
      demand(!goesOn || holder === nonce, 'I2', () => `${runId}: two were told to go on with ${stepId}`)
      const step = this.runs.get(runId)?.step(stepId)
      if (step?.epoch !== epoch || !goesOn) continue
      step.leaseUntilMs = Math.max(step.leaseUntilMs, this.#store.nowMs + leaseMs)
    }
  }

  /** A function begins. It runs once a claim, and an item that was written down before runs no more. */
  executes(at: {
    readonly runId: string
    readonly stepId: string
    readonly epoch: number
    readonly attempt: number
    readonly key: string
  }): void {
    const { runId, stepId, epoch, attempt, key } = at
    const step = this.#claimed(runId, stepId)
    const execution = `${key}@${epoch}@${attempt}`
    demand(this.hasLost || !step.executed.has(execution), 'I1', () => `${execution} was executed twice under one claim`)
    step.executed.add(execution)
    const item = key.split(':')[3]
    const isKnown = step.epoch === epoch && step.done.has(`item ${item}`)
    demand(!isKnown, 'I1', () => `${execution} had been written down`)
  }

  /** A model is asked or a tool is called (`turn 0`, `call 0:1`): what the holder could know the outcome of is not done again. */
  acts(worker: string, { runId, stepId }: { readonly runId: string; readonly stepId: string }, what: string): void {
    const step = this.#claimed(runId, stepId)
    // After a loss a call may be known and the answer that wanted it not: the model is asked again, and what follows is new.
    const isKnown = !this.hasLost && step.worker === worker && step.done.has(what)
    demand(!isKnown, 'I1', () => `${runId}: ${stepId} did ${what} again`)
  }

  #claimed(runId: string, stepId: string): ReturnType<RunAudit['step']> {
    const audit = this.runs.get(runId)
    demand(audit !== undefined || this.hasLost, 'I14', () => `${runId} is executed and unknown`)
    const step = audit?.step(stepId) ?? newStepAudit() // a run that was lost while it was executed
    demand(step.epoch > 0 || this.hasLost, 'I6', () => `${runId}: ${stepId} is executed without a claim`)
    return step
  }
}
