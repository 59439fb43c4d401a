import { FORMAT, type JournalRecord, type RunState, type StepCell } from '@agentloom/engine'
import { errorText } from './error-codec.ts'
import { parentText } from './header.ts'
import { verdictsText } from './edges.ts'
import { recordText } from './record-text.ts'
import { FAILED } from './replies.ts'
import { wakeText } from './wait-codec.ts'

/**
 * A run as it lies in Redis, from the run in memory: what `lua/lib/cell.lua`, `open.lua` and `run.lua` would have written
 * command by command. Compared with them on random commands: a run that was restored must answer as one that grew.
 */
export interface RunImage {
  /** Name, value, name, … of the hash `run`. */
  readonly fields: readonly (string | number)[]
  /** Of the hash `steps`. */
  readonly steps: readonly (string | number)[]
  /** Of the hash `out`. */
  readonly out: readonly string[]
  readonly log: readonly string[]
  /** Rank, step, rank, … of those that wait for a slot. */
  readonly queue: readonly (string | number)[]
}

export function imageOf(run: RunState): RunImage {
  const kids = run.records.some((record) => record.kind === 'waiting' && record.wait.kind === 'child')
  const hasMore = kids || run.isHeld || run.start.cleanup !== null || run.start.parent !== null
  return {
    fields: fieldsOf(run, { kids, hasMore }),
    steps: stepsOf(run, hasMore),
    out: [...run.outputs].flatMap(([stepId, { status, text }]) => [
      stepId,
      status === 'failed' ? `${FAILED}${text}` : text,
    ]),
    log: logOf(run),
    queue: run.queue.flatMap(({ rank, stepId }) => [rank, stepId]),
  }
}

function fieldsOf(
  run: RunState,
  { kids, hasMore }: { readonly kids: boolean; readonly hasMore: boolean },
): readonly (string | number)[] {
  const { start, failure, closing } = run
  const { parent, cleanup } = start
  const fields: Readonly<Record<string, string | number | null>> = {
    status: run.status,
    created: run.createdAtMs,
    workflow: start.workflow,
    definition: start.definition,
    input: start.input,
    priority: start.priority,
    tags: JSON.stringify(start.tags),
    format: FORMAT,
    tenant: start.tenant,
    cap: start.cap,
    inFlight: start.cap === null ? null : run.inFlight,
    budget: run.budgetNanoUsd,
    timeout: run.timeoutMs,
    spent: run.spentNanoUsd === 0 ? null : run.spentNanoUsd,
    error: run.error === null ? '' : errorText(run.error),
    failureRank: failure?.rank ?? null,
    failure: failure === null ? null : errorText(failure.error),
    more: hasMore ? 1 : null,
    held: run.isHeld ? (run.awaitsBudget ? 'b' : 1) : null,
    onBudget: start.parksOnBudget === true ? 'park' : null,
    cleanup: cleanup === null ? null : `${cleanup.rank}|${cleanup.stepId}`,
    closing: closing?.status ?? null,
    closingError: closing === null ? null : closing.error === null ? 'null' : errorText(closing.error),
    kids: kids ? 1 : null,
    parent: parent === null ? null : parentText(parent),
    root: parent?.rootRunId ?? null,
  }
  return Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [name, value]))
}

function stepsOf(run: RunState, hasMore: boolean): readonly (string | number)[] {
  const isPlain = run.status === 'running' && run.start.cap === null && run.budgetNanoUsd === null && !hasMore
  const work = run.open - run.gates - run.parks
  const steps: (string | number)[] = ['/unresolved', run.unresolved, '/open', `${work}|${run.gates}|${run.parks}`]
  steps.push('/plain', isPlain ? 1 : 0)
  const children: string[] = []
  const wanted = new Map<string, string[]>()
  for (const cell of run.cells.values()) {
    const { stepId, deaths, wait, untilMs, wake } = cell
    steps.push(stepId, cellText(cell))
    if (deaths > 0) steps.push(`/deaths:${stepId}`, deaths)
    if (wake !== null) steps.push(`/woke:${stepId}`, wakeText(wake))
    if (wait === null) continue
    const isChild = wait.kind === 'child'
    steps.push(`/wait:${stepId}`, `${untilMs ?? ''}|${isChild ? wait.runId : wait.kind === 'signal' ? wait.name : ''}`)
    if (isChild) children.push(stepId)
    if (wait.kind === 'signal') wanted.set(wait.name, [...(wanted.get(wait.name) ?? []), stepId])
  }
  if (children.length > 0) steps.push('/kids', children.join('/'))
  for (const [name, stepIds] of wanted) steps.push(`/want:${name}`, stepIds.join('/'))
  for (const [name, payload] of run.signals) steps.push(`/sig:${name}`, JSON.stringify(payload))
  for (const stepId of notedSteps(run.records)) steps.push(`/noted:${stepId}`, 1)
  return steps
}

const LETTERS = {
  waiting: 'w',
  undecided: 'u',
  ready: 'r',
  leased: 'l',
  expired: 'x',
  backoff: 'b',
  success: 's',
  failed: 'f',
  timeout: 't',
  skipped: 'k',
} as const

const WAIT_LETTERS = { gate: 'g', timer: 'a', signal: 'i', parked: 'p' } as const

function cellText(cell: StepCell): string {
  const { nonce, epoch, failures, rank, edgeCount, verdicts, visit, wake } = cell
  const text = `${letterOf(cell)}${nonce}|${epoch}|${failures}|${rank}|${edgeCount}|${verdictsText(verdicts)}`
  return visit === 1 && wake === null ? text : `${text}|${visit}|${wake === null ? '' : 1}`
}

function letterOf({ status, wait, childStatus }: StepCell): string {
  if (status !== 'suspended') return LETTERS[status]
  if (wait === null) throw new Error('a step is suspended and waits for nothing')
  if (wait.kind !== 'child') return WAIT_LETTERS[wait.kind]
  return childStatus === 'paused' ? 'd' : childStatus === 'parked' ? 'e' : 'c'
}

function notedSteps(records: readonly JournalRecord[]): ReadonlySet<string> {
  return new Set(records.flatMap((record) => (record.kind === 'noted' ? [record.stepId] : [])))
}

/** The hash `out` holds what a step has committed last; the cleanup step may be reopened, and then holds nothing there. */
function logOf({ records, start }: RunState): readonly string[] {
  const last = new Map<string, JournalRecord>()
  for (const record of records) if (record.kind === 'committed') last.set(record.stepId, record)
  return records.map((record) => {
    if (record.kind !== 'committed') return recordText(record, false)
    return recordText(record, record.stepId === start.cleanup?.stepId || last.get(record.stepId) !== record)
  })
}
