import { CLEANUP_STEP, type Plan } from '@agentloom/workflow'
import { closingOf } from '../fold/closing.ts'
import { rebuildRun } from '../journal/rebuild.ts'
import type { JournalRecord } from '../journal/record.ts'
import { isOver } from '../journal/run-state.ts'
import type { LoadedRun } from '../ports/journal.ts'
import { restartCommand } from '../start.ts'

/** Something that a journal's own rules exclude. */
export interface Finding {
  readonly code: FindingCode
  /** Null: it is about the run. */
  readonly stepId: string | null
  /** One sentence. */
  readonly message: string
}

export type FindingCode =
  /** It does not begin with its start, or begins twice. */
  | 'start'
  /** I1, I7: something is on record of a step that was resolved. */
  | 'after-resolution'
  /** I3 */
  | 'epoch'
  /** Something is on record of a step that nobody had claimed. */
  | 'unclaimed'
  /** I6: a step began before its sources were resolved; also what is left when the result of a source was lost. */
  | 'before-sources'
  /** I12 */
  | 'after-end'
  /** The run stands otherwise than its records say, or should have ended. */
  | 'status'
  /** A step that the plan does not have. */
  | 'no-such-step'
  /** The records make no run. */
  | 'corrupt'
  /** I8: what the store has counted is not what the records imply. */
  | 'counter'
  /** I4: nobody will look at an open step again. */
  | 'due'
  /** I8: a step, or what is noted down beside it, stands otherwise than the records imply. */
  | 'cell'
  | 'output'
  /** The list of runs of a status has it wrong. */
  | 'index'

/** Checks a run against the rules of its journal; see docs/durability.md, "Invariants". Nothing found: it is as it must be. */
export function verifyRun(plan: Plan, loaded: LoadedRun): readonly Finding[] {
  const checker = new Checker(plan)
  for (const [index, record] of loaded.records.entries()) checker.check(record, index)
  return [...checker.found, ...standingOf(plan, loaded, checker.found.length > 0)]
}

interface Step {
  epoch: number
  claims: number
  resolution: string | null
}

class Checker {
  readonly found: Finding[] = []
  readonly #plan: Plan
  readonly #steps = new Map<string, Step>()
  #isFork = false
  #isOver = false
  #isClosing = false

  constructor(plan: Plan) {
    this.#plan = plan
  }

  check(record: JournalRecord, index: number): void {
    if ((record.kind === 'started') !== (index === 0))
      this.#find('start', null, index === 0 ? `its first record is ${record.kind}` : `record ${index} starts it again`)
    if (record.kind === 'forked') this.#isFork = true
    if (this.#isOver && record.kind !== 'reopened' && record.kind !== 'migrated')
      this.#find('after-end', stepOf(record), `record ${index}, ${record.kind}, came after the run's end`)
    if (record.kind === 'closing') this.#isClosing = true
    if (record.kind === 'ended') this.#isOver = true
    if (record.kind === 'reopened') this.#reopen(record.stepIds)
    if ('stepId' in record) this.#step(record, index)
  }

  #reopen(stepIds: readonly string[]): void {
    if (this.#isOver) this.#isClosing = false
    this.#isOver = false
    for (const stepId of stepIds) Object.assign(this.#of(stepId), { claims: 0, resolution: null })
  }

  #step(record: Extract<JournalRecord, { stepId: string }>, index: number): void {
    const { kind, stepId } = record
    const step = this.#of(stepId)
    const isCleanup = stepId === CLEANUP_STEP
    if (!isCleanup && !this.#plan.byId.has(stepId)) this.#find('no-such-step', stepId, 'its plan has no such step')
    if (step.resolution !== null)
      this.#find('after-resolution', stepId, `record ${index}, ${kind}, came after it was ${step.resolution}`)
    if (this.#isClosing && !this.#isOver && !isCleanup)
      this.#find('after-end', stepId, `record ${index}, ${kind}, came while the run only cleaned up`)
    if (kind === 'claimed') {
      if (record.epoch <= step.epoch)
        this.#find('epoch', stepId, `it was claimed as epoch ${record.epoch} after ${step.epoch}`)
      if (step.claims === 0) this.#checkSources(stepId)
      step.claims += 1
    } else if ('epoch' in record) {
      if (record.epoch < step.epoch)
        this.#find('epoch', stepId, `record ${index}, ${kind}, is of epoch ${record.epoch}, after ${step.epoch}`)
      const isTakenOver = this.#isFork && kind === 'committed' && step.epoch === 0
      if (step.claims === 0 && !isTakenOver)
        this.#find('unclaimed', stepId, `record ${index}, ${kind}, is of a claim that is not on record`)
    }
    if ('epoch' in record && kind !== 'died') step.epoch = Math.max(step.epoch, record.epoch) // of a claim
    step.resolution ??= resolutionOf(record)
  }

  #checkSources(stepId: string): void {
    for (const index of this.#plan.byId.get(stepId)?.sources ?? []) {
      const source = this.#plan.nodes[index]?.id ?? ''
      if (this.#of(source).resolution === null)
        this.#find(
          'before-sources',
          stepId,
          `it began before ${source} was resolved, or the result of ${source} was lost`,
        )
    }
  }

  #of(stepId: string): Step {
    const found = this.#steps.get(stepId) ?? { epoch: 0, claims: 0, resolution: null }
    this.#steps.set(stepId, found)
    return found
  }

  #find(code: FindingCode, stepId: string | null, message: string): void {
    this.found.push({ code, stepId, message })
  }
}

function stepOf(record: JournalRecord): string | null {
  return 'stepId' in record ? record.stepId : null
}

function resolutionOf(record: JournalRecord): string | null {
  switch (record.kind) {
    case 'committed':
    case 'skipped':
      return record.kind
    case 'failed':
      return record.retryAtMs === null ? 'failed for good' : null
    default:
      return null
  }
}

/** Whether the run stands where its records leave it. */
function standingOf(plan: Plan, loaded: LoadedRun, isBroken: boolean): readonly Finding[] {
  const { header, records } = loaded
  try {
    const run = rebuildRun(plan, restartCommand(plan, header), loaded)
    if (isOver(header.status) !== isOver(run.status) || (!isOver(run.status) && header.status !== run.status))
      return [{ code: 'status', stepId: null, message: `it is ${header.status}, its records say ${run.status}` }]
    if (run.unresolved === 0 && !isOver(run.status) && closingOf(records) === null)
      return [{ code: 'status', stepId: null, message: `all its steps are resolved, and it is ${run.status}` }]
    return []
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return isBroken ? [] : [{ code: 'corrupt', stepId: null, message }]
  }
}
