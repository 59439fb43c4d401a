import type { Edge } from '../ports/journal.ts'
import { isClean, mergeVerdicts } from '../schedule/verdicts.ts'
import { cellOf, type RunState, type StepCell } from './run-state.ts'

export interface Readied {
  readonly clean: StepCell[]
  readonly undecided: StepCell[]
}

/** Counts the edges that came and merges what they say; a step whose last edge came is ready, or to be decided. */
export function spreadInto(run: RunState, edges: readonly Edge[]): Readied {
  const readied: Readied = { clean: [], undecided: [] }
  for (const edge of edges) {
    const cell = cellOf(run, edge.to.stepId, edge.to.rank)
    if (cell.status !== 'waiting') continue // it kept its result when a step above it was reopened
    cell.edgeCount += 1
    cell.verdicts = mergeVerdicts(cell.verdicts, edge.verdicts)
    if (cell.edgeCount === edge.inDegree) admit(run, cell, readied)
  }
  return readied
}

export function admit(run: RunState, cell: StepCell, readied: Readied): void {
  if (cell.status === 'waiting') run.open += 1
  const isReady = isClean(cell.verdicts)
  cell.status = isReady ? 'ready' : 'undecided'
  ;(isReady ? readied.clean : readied.undecided).push(cell)
}

/** The queue's first steps, as many as there are free slots. Each is offered anew, hence under a new epoch. */
export function takeFromQueue(run: RunState): readonly StepCell[] {
  const free = (run.start.cap ?? 0) - run.inFlight
  const taken = run.queue.splice(0, Math.max(0, free))
  for (const cell of taken) {
    cell.isQueued = false
    cell.epoch += 1
  }
  return taken
}

/** Puts a ready step where its rank belongs, once. */
export function enqueue(run: RunState, cell: StepCell): void {
  if (cell.isQueued) return
  cell.isQueued = true
  run.queue.splice(placeOf(run.queue, cell.rank), 0, cell)
}

export function dequeue(run: RunState, cell: StepCell): void {
  if (!cell.isQueued) return
  cell.isQueued = false
  run.queue.splice(placeOf(run.queue, cell.rank), 1)
}

function placeOf(queue: readonly StepCell[], rank: number): number {
  let low = 0
  let high = queue.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const cell = queue[middle]
    if (cell !== undefined && cell.rank < rank) low = middle + 1
    else high = middle
  }
  return low
}
