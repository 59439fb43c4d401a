import type { Plan } from '@agentloom/workflow'
import type { Offer, RunHeader, StartRun, UndecidedStep } from '../ports/journal.ts'
import type { RestoreRun } from '../ports/whole-runs.ts'
import type { DueTimes } from './due.ts'
import { CorruptJournalError } from './errors.ts'
import { offerOf } from './offer.ts'
import { enqueue, takeFromQueue } from './ready.ts'
import { rebuildRun } from './rebuild.ts'
import type { JournalRecord } from './record.ts'
import { headerOf, isCleanup, isOver, type RunState, type StepCell } from './run-state.ts'

/**
 * A whole run from its records, ready to go on: what is open and not held back is offered anew, under an epoch that no bell
 * has had. Where the store's clock matters only what must be added to it is known here, for Redis tells its time to scripts alone.
 */
export interface RestoredRun {
  readonly run: RunState
  readonly header: RunHeader
  readonly offers: readonly Offer[]
  readonly undecided: readonly UndecidedStep[]
  readonly due: readonly DueEntry[]
}

/** When a step, or with null the run, must be looked at. */
export interface DueEntry {
  readonly stepId: string | null
  /** `offer`: when a bell that nobody answered is rung again. */
  readonly at:
    | { readonly kind: 'offer' }
    | { readonly kind: 'in'; readonly ms: number }
    | { readonly kind: 'on'; readonly ms: number }
}

/** @param epochOf the epoch of a step in the run that is replaced; 0 where there is none */
export function restoreRun(
  plan: Plan,
  { start, records }: RestoreRun,
  epochOf: (stepId: string) => number,
): RestoredRun {
  const { runId } = start
  const [first] = records
  const last = records.at(-1)
  if (first?.kind !== 'started' || last === undefined)
    throw new CorruptJournalError(runId, 'its records do not begin with its start')
  const run = rebuildRun(plan, start, {
    header: { runId, createdAtMs: first.atMs, updatedAtMs: last.atMs },
    records,
  })
  for (const cell of run.cells.values()) cell.epoch = Math.max(cell.epoch, epochOf(cell.stepId))
  if (isOver(run.status)) return { run, header: headerOf(run), offers: [], undecided: [], due: [] }
  const open = [...run.cells.values()]
    .filter(({ stepId }) => run.closing === null || isCleanup(run, stepId))
    .sort((a, b) => a.rank - b.rank)
  const { offered, undecided } = run.isHeld ? { offered: [], undecided: [] } : offerAnew(run, open)
  const deadline = run.timeoutMs !== null && run.status !== 'paused' && run.closing === null ? run.timeoutMs : null
  return {
    run,
    header: headerOf(run),
    offers: offered.map((cell) => offerOf(run, cell)),
    undecided: undecided.map((cell) => ({ ...offerOf(run, cell), verdicts: cell.verdicts })),
    due: [
      ...(deadline === null ? [] : [{ stepId: null, at: { kind: 'in', ms: deadline } } as const]),
      ...open.flatMap((cell) => dueOf(run, cell)),
      ...[...offered, ...undecided].map(({ stepId }) => ({ stepId, at: { kind: 'offer' } }) as const),
    ],
  }
}

/** @param offerMs after how many milliseconds a bell that nobody answered is rung again; null where bells can't be lost */
export function setDue(
  runId: string,
  entries: readonly DueEntry[],
  { due, nowMs, offerMs }: { readonly due: DueTimes; readonly nowMs: number; readonly offerMs: number | null },
): void {
  for (const { stepId, at } of entries) {
    if (at.kind === 'on') due.set(runId, stepId, at.ms)
    else if (at.kind === 'in') due.set(runId, stepId, nowMs + at.ms)
    else if (offerMs !== null) due.set(runId, stepId, nowMs + offerMs)
  }
}

/** A step whose claim has no end keeps its slot, and comes before what the queue gives. */
function offerAnew(
  run: RunState,
  open: readonly StepCell[],
): { readonly offered: readonly StepCell[]; readonly undecided: readonly StepCell[] } {
  const expired: StepCell[] = []
  const ready: StepCell[] = []
  const undecided: StepCell[] = []
  for (const cell of open) {
    const list = cell.status === 'expired' ? expired : cell.status === 'ready' ? ready : undecided
    if (cell.status !== 'expired' && cell.status !== 'ready' && cell.status !== 'undecided') continue
    cell.epoch += 1
    list.push(cell)
  }
  if (run.start.cap === null || run.closing !== null) return { offered: [...expired, ...ready], undecided }
  for (const cell of ready) enqueue(run, cell)
  return { offered: [...expired, ...takeFromQueue(run)], undecided }
}

/** Back-offs and waits end by themselves; how a child run stands is looked at at once. */
export function dueOf(run: RunState, { stepId, status, wait, untilMs }: StepCell): readonly DueEntry[] {
  if (status === 'suspended') {
    if (wait?.kind === 'child') return [{ stepId, at: { kind: 'in', ms: 0 } }]
    return untilMs === null ? [] : [{ stepId, at: { kind: 'on', ms: untilMs } }]
  }
  if (status !== 'backoff') return []
  const last = run.records.findLast((record) => record.kind === 'failed' && record.stepId === stepId)
  return [{ stepId, at: { kind: 'on', ms: (last?.kind === 'failed' ? last.retryAtMs : null) ?? 0 } }]
}

/** Whether a run in the journal is what the command would make: its first reply was lost. */
export function isSameRun(
  found: { readonly start: Pick<StartRun, 'definition'>; readonly records: readonly JournalRecord[] } | undefined,
  { start, records }: RestoreRun,
): boolean {
  if (found === undefined || found.start.definition !== start.definition || found.records.length !== records.length)
    return false
  return canonical(found.records) === canonical(records)
}

/** Whatever order its fields are in. */
function canonical(records: readonly JournalRecord[]): string {
  return JSON.stringify(records, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}
