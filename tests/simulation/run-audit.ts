import { foldSteps, isOver, rebuildRun, type JournalRecord, type MemoryJournal, type StartRun } from '@agentloom/engine'
import { causeAgainst, routedPast, type Cause, type Fate, type StepEnd } from '@agentloom/engine/testing'
import { isMapping, parseValue, type Plan, type PlanNode, type Value } from '@agentloom/workflow'
import { newStepAudit, type StepAudit } from './step-audit.ts'
import { LEASE_MS } from './store.ts'
import { demand, Violation } from './violation.ts'

export type RunState = NonNullable<ReturnType<MemoryJournal['stateOf']>>

/** Until a sweeper must have found what is overdue. */
const GRACE_MS = 10_000

type Of<Kind extends JournalRecord['kind']> = Extract<JournalRecord, { readonly kind: Kind }>

/** Reads a run's records as they come, and says which of the invariants they break. It knows nothing of how the journal works. */
export class RunAudit {
  readonly start: StartRun
  readonly plan: Plan
  /** Records that have been read. */
  count = 0
  readonly #steps = new Map<string, StepAudit>()
  /** By the index of their nodes. */
  readonly #fates: (Fate | undefined)[] = []
  readonly #signals = new Map<string, string>()
  #running = 0
  #spentNanoUsd = 0
  /** `run:step:visit` of results that were answered as committed, whatever the store has lost since. */
  readonly #committed: ReadonlySet<string>
  /** Reads what was brought back: who did what when is not in it. */
  #isReadBack = false
  /** It was: then notes may be there of an answer that is not. */
  #wasReadBack = false
  #isHeld = false
  #isClosing = false
  #endedAs: string | null = null
  #deadlineMs: number | null = null

  constructor(start: StartRun, plan: Plan, committed: ReadonlySet<string>) {
    this.#committed = committed
    this.start = start
    this.plan = plan
  }

  get endedAs(): string | null {
    return this.#endedAs
  }

  signal(name: string): string | undefined {
    return this.#signals.get(name)
  }

  step(stepId: string): StepAudit {
    const found = this.#steps.get(stepId)
    if (found !== undefined) return found
    const made = newStepAudit()
    this.#steps.set(stepId, made)
    return made
  }

  /** Reads a run that a store has brought back after it had lost it. */
  readBack(run: RunState): void {
    this.#isReadBack = true
    this.#wasReadBack = true
    this.check(run)
    this.#isReadBack = false
    for (const step of this.#steps.values()) step.leaseUntilMs = 0 // its leases have ended with what was lost
  }

  /** Reads what is new, and compares what the journal counts with it. */
  check(run: RunState): void {
    for (; this.count < run.records.length; this.count += 1) {
      const record = run.records[this.count]
      if (record !== undefined) this.#take(record, run)
    }
    this.#compare(run)
  }

  /** A run that may take only so long is ended in time, once somebody is there to see to it; paused, its time stands still. */
  checkDeadline(run: RunState, nowMs: number, calmSinceMs: number): void {
    const isTimed = run.timeoutMs !== null && run.status !== 'paused' && !this.#isClosing && this.#endedAs === null
    if (!isTimed) this.#deadlineMs = null
    else this.#deadlineMs ??= nowMs + (run.timeoutMs ?? 0)
    const isLate = this.#deadlineMs !== null && nowMs > Math.max(this.#deadlineMs, calmSinceMs) + GRACE_MS
    this.#demand(!isLate, 'I4', 'it goes on after its time-out')
  }

  #take(record: JournalRecord, run: RunState): void {
    if (this.#endedAs !== null && record.kind !== 'reopened')
      throw this.#violation(this.#endedAs === 'cancelled' ? 'I12' : 'I4', `a ${record.kind} record after the end`)
    switch (record.kind) {
      case 'started':
        return this.#demand(this.count === 0, 'I14', 'it was started twice')
      case 'forked': // the simulator forks and migrates no runs
      case 'migrated':
        return
      case 'claimed':
        return this.#claimed(record, run)
      case 'committed':
        return this.#resolved(record, { status: 'success', output: parseValue(record.output) })
      case 'failed':
        return this.#failed(record)
      case 'skipped':
        return this.#skipped(record)
      case 'released':
        this.#holder(record).status = 'ready'
        this.#free(record.stepId)
        return
      case 'died':
        return this.#died(record)
      case 'noted':
        return this.#noted(record)
      case 'waiting':
        return this.#waiting(record)
      case 'woken':
        return this.#woken(record)
      case 'mirrored':
        return this.#demand(this.step(record.stepId).status === 'suspended', 'I8', `${record.stepId} does not wait`)
      case 'signalled':
        this.#demand(!this.#signals.has(record.name), 'I15', `signal ${record.name} was kept twice`)
        this.#signals.set(record.name, record.payload)
        return
      case 'paused':
        this.#isHeld = true
        return
      case 'closing':
        this.#demand(!this.#isClosing, 'I4', 'it began to close twice')
        this.#isClosing = true
        this.#isHeld = false
        return
      case 'reopened':
        return this.#reopened(record)
      case 'ended':
        return this.#ended(record)
      default:
        return record satisfies never
    }
  }

  #claimed({ stepId, epoch, atMs, worker }: Of<'claimed'>, run: RunState): void {
    const step = this.step(stepId)
    const isCleanup = this.#isCleanup(stepId)
    this.#demand(step.status !== 'resolved', 'I1', `${stepId} was claimed after it was resolved`)
    this.#demand(epoch > step.epoch, 'I3', `${stepId} was claimed under epoch ${epoch} after ${step.epoch}`)
    this.#demand(step.status !== 'suspended', 'I4', `${stepId} was claimed while it waits`)
    this.#demand(
      this.#isReadBack || !this.#committed.has(`${this.start.runId}:${stepId}:${step.visit}`),
      'I1',
      `${stepId} was claimed after its result was answered as committed`,
    )
    this.#demand(
      this.#isReadBack || step.status !== 'running' || atMs >= step.leaseUntilMs,
      'I2',
      `${stepId} was claimed while another held it`,
    )
    this.#demand(!this.#isClosing || isCleanup, 'I12', `${stepId} was claimed while the run closes`)
    this.#demand(this.#isReadBack || !this.#isHeld, 'I12', `${stepId} was claimed while the run was held`)
    if (!isCleanup) {
      this.#mayRun(stepId, step)
      const { budgetNanoUsd } = run
      this.#demand(
        this.#isReadBack || budgetNanoUsd === null || this.#spentNanoUsd < budgetNanoUsd,
        'I11',
        `${stepId} was claimed with ${this.#spentNanoUsd} of ${budgetNanoUsd} spent`,
      )
      if (step.status !== 'running') this.#running += 1
      const { cap } = this.start
      this.#demand(
        this.#isReadBack || cap === null || this.#running <= cap,
        'I10',
        `${this.#running} steps run, at most ${cap} may`,
      )
    }
    for (const one of step.doing) step.done.add(one)
    step.doing = new Set()
    step.noted = new Set()
    step.status = 'running'
    step.epoch = epoch
    step.worker = worker
    step.leaseUntilMs = atMs + LEASE_MS
  }

  /** A step that has waited is kept when what is above it runs again: a gate is asked once. */
  #mayRun(stepId: string, { wait }: StepAudit): void {
    if (wait !== null || this.#isReadBack) return
    const node = this.#node(stepId)
    const areResolved = node.sources.every((index) => this.#fates[index] !== undefined)
    this.#demand(areResolved, 'I6', `${stepId} was claimed before its edges were resolved`)
    this.#demand(this.#causeAgainst(node) === null, 'I7', `${stepId} was claimed, and is to be skipped`)
  }

  #failed(record: Of<'failed'>): void {
    if (record.retryAtMs === null) {
      const output = record.output === undefined ? {} : { output: parseValue(record.output) }
      return this.#resolved(record, { status: record.status, error: record.error.message, ...output })
    }
    this.#holder(record).status = 'backoff'
    this.#free(record.stepId)
    this.#spentNanoUsd += record.usage.costNanoUsd
  }

  #resolved({ stepId, epoch, usage }: Of<'committed'> | Of<'failed'>, end: StepEnd): void {
    this.#holder({ stepId, epoch })
    this.#spentNanoUsd += usage.costNanoUsd
    this.#resolve(stepId, end, null)
    this.#free(stepId)
  }

  #skipped({ stepId }: Of<'skipped'>): void {
    const step = this.step(stepId)
    const node = this.#node(stepId)
    this.#demand(step.status !== 'resolved', 'I1', `${stepId} was skipped after it was resolved`)
    if (step.status === 'running') {
      this.#resolve(stepId, { status: 'skipped' }, routedPast(node)) // its `when` is false
      this.#free(stepId)
      return
    }
    const areResolved = node.sources.every((index) => this.#fates[index] !== undefined)
    this.#demand(areResolved, 'I6', `${stepId} was skipped before its edges were resolved`)
    const cause = this.#causeAgainst(node)
    this.#demand(cause !== null, 'I7', `${stepId} was skipped, and is to run`)
    this.#resolve(stepId, { status: 'skipped' }, cause)
  }

  #resolve(stepId: string, end: StepEnd, cause: Cause | null): void {
    const step = this.step(stepId)
    step.status = 'resolved'
    if (this.#isCleanup(stepId)) return
    const node = this.#node(stepId)
    step.fate = { node, ...end, cause }
    this.#fates[node.index] = step.fate
  }

  /** The claim is over, and its slot is kept for whoever comes next. */
  #died({ stepId, atMs }: Of<'died'>): void {
    const step = this.step(stepId)
    this.#demand(step.status === 'running', 'I2', `${stepId} lost its holder, and has none`)
    step.leaseUntilMs = atMs
  }

  #waiting({ stepId, epoch, wait, usage, untilMs }: Of<'waiting'>): void {
    const isQuarantined = wait.kind === 'parked' && wait.reason === 'quarantined' // by the journal, not by its holder
    const step = this.#holder({ stepId, epoch: isQuarantined ? this.step(stepId).epoch : epoch })
    Object.assign(step, { status: 'suspended', wait, untilMs })
    this.#free(stepId)
    this.#spentNanoUsd += usage.costNanoUsd
  }

  #noted({ stepId, epoch, note, usage }: Of<'noted'>): void {
    const step = this.#holder({ stepId, epoch })
    this.#demand(!step.noted.has(note) || this.#isReadBack, 'I1', `${stepId} noted the same twice: ${note}`)
    step.noted.add(note)
    this.#spentNanoUsd += usage?.costNanoUsd ?? 0
    for (const one of doneIn(parseValue(note))) {
      const isNew = !step.done.has(one) && !step.doing.has(one)
      this.#demand(isNew || this.#wasReadBack, 'I1', `${stepId} did ${one} twice`)
      step.doing.add(one)
    }
  }

  #woken({ stepId, wake, atMs }: Of<'woken'>): void {
    const step = this.step(stepId)
    this.#demand(step.status === 'suspended', 'I15', `${stepId} was woken and does not wait`)
    const sent = step.wait?.kind === 'signal' ? this.#signals.get(step.wait.name) : undefined
    if (wake.kind === 'signalled') this.#demand(wake.payload === sent, 'I15', `${stepId} got what nobody has sent`)
    const isEarly = wake.kind === 'elapsed' && step.untilMs !== null && atMs < step.untilMs
    this.#demand(!isEarly || this.#isReadBack, 'I4', `${stepId} was woken before its time`)
    step.status = 'ready'
  }

  #reopened({ stepIds }: Of<'reopened'>): void {
    for (const stepId of stepIds) {
      const step = this.step(stepId)
      if (step.status === 'running') this.#free(stepId)
      if (step.status === 'resolved') this.#demand(step.fate?.status !== 'success', 'I1', `${stepId} runs again`)
      step.status = 'untouched'
      step.visit += 1
      step.fate = null
      step.wait = null
      step.doing = new Set()
      step.done.clear()
      step.noted = new Set()
      const index = this.plan.byId.get(stepId)?.index
      if (index !== undefined) this.#fates[index] = undefined
    }
    if (this.#endedAs !== null) this.#isClosing = false
    this.#deadlineMs = null
    this.#endedAs = null
    this.#isHeld = false
  }

  #ended({ status }: Of<'ended'>): void {
    const cleanup = this.start.cleanup?.stepId
    const isClean = cleanup === undefined || this.#isClosing
    this.#demand(isClean, 'I4', 'it ended without its cleanup')
    this.#endedAs = status
    if (status !== 'success' && status !== 'failed') return
    const open = this.plan.nodes.filter(({ index }) => this.#fates[index] === undefined)
    this.#demand(open.length === 0, 'I4', `it ended with ${open.map(({ id }) => id).join(', ')} open`)
  }

  /** What the journal counts is what its records imply (I8). */
  #compare(run: RunState): void {
    const resolved = this.#fates.filter((fate) => fate !== undefined).length
    this.#same('unresolved', run.unresolved, this.plan.nodes.length - resolved)
    this.#same('spent', run.spentNanoUsd, this.#spentNanoUsd)
    this.#same('in flight', run.inFlight, this.#running)
    if (isOver(run.status) || this.#isClosing) return
    for (const cell of run.cells.values()) {
      if (cell.status !== 'waiting' || this.#isCleanup(cell.stepId)) continue
      const came = this.#node(cell.stepId).sources.filter((index) => this.#fates[index] !== undefined)
      this.#same(`edges of ${cell.stepId}`, cell.edgeCount, came.length)
    }
  }

  #same(what: string, found: number, implied: number): void {
    this.#demand(found === implied, 'I8', `${what}: ${found}, by the records ${implied}`)
  }

  /** The run as it would be rebuilt from its records alone. */
  compareRebuilt(run: RunState, loaded: Parameters<typeof rebuildRun>[2]): void {
    const again = rebuildRun(this.plan, this.start, loaded)
    for (const key of ['status', 'unresolved', 'inFlight', 'open', 'gates', 'parks', 'spentNanoUsd', 'isHeld'] as const)
      this.#demand(run[key] === again[key], 'I8', `${key}: ${run[key]}, rebuilt ${again[key]}`)
    foldSteps(this.start.runId, loaded.records)
  }

  #holder({ stepId, epoch }: { readonly stepId: string; readonly epoch: number }): StepAudit {
    const step = this.step(stepId)
    this.#demand(step.status !== 'resolved', 'I1', `${stepId} was written to after it was resolved`)
    this.#demand(step.status === 'running', 'I2', `${stepId} was written to, and nobody holds it`)
    this.#demand(step.epoch === epoch, 'I2', `${stepId} was written to under epoch ${epoch}, held under ${step.epoch}`)
    return step
  }

  #free(stepId: string): void {
    if (!this.#isCleanup(stepId)) this.#running -= 1
  }

  #causeAgainst(node: PlanNode): Cause | null {
    return causeAgainst(this.plan, node, this.#fates)
  }

  #node(stepId: string): PlanNode {
    const node = this.plan.byId.get(stepId)
    if (node === undefined) throw this.#violation('simulation', `no step ${stepId}`)
    return node
  }

  #isCleanup(stepId: string): boolean {
    return this.start.cleanup?.stepId === stepId
  }

  #demand(isKept: boolean, invariant: Violation['invariant'], message: string): void {
    demand(isKept, invariant, () => `${this.start.runId}: ${message}`)
  }

  #violation(invariant: Violation['invariant'], message: string): Violation {
    return new Violation(invariant, `${this.start.runId}: ${message}`)
  }
}

/** What a note says is done and is never to be done again in the step's visit. */
function doneIn(note: Value): readonly string[] {
  if (!isMapping(note)) return []
  const { kind, turn = null, call = null, items = null } = note
  if (kind === 'answered') return [`turn ${String(turn)}`]
  if (kind === 'called') return [`call ${String(turn)}:${String(call)}`]
  if (kind !== 'items' || !Array.isArray(items)) return []
  return (items as readonly Value[]).flatMap((item) =>
    isMapping(item) && Object.hasOwn(item, 'output') ? [`item ${String(item['index'])}`] : [],
  )
}
