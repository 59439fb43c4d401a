import { parseValue, type Plan } from '@agentloom/workflow'
import type { JournalRecord } from '../journal/record.ts'
import type { LoadedRun } from '../ports/journal.ts'
import type { Attempt } from './attempt.ts'
import { noteFrom, type StepNote } from './notes.ts'

/** Runs of one tree that are looked at: deeper or wider trees play the turns of these. */
const RUNS_MAX = 1_000

/**
 * How many model calls were recorded under a step's id in this tree of runs since a user last resumed it: the turn that the mock
 * provider plays. Read from the journal, so that it is the same in every process; and only where there can be any.
 */
export async function mockTurns(attempt: Attempt, stepId: string): Promise<number> {
  const { plan, header, held, notebook } = attempt
  if (plan.config.mock === null) return 0
  // Items run at once and end in any order: each plays the turns from its own place on.
  if (notebook !== undefined) return notebook.index + notebook.notes.filter(({ kind }) => kind === 'answered').length
  const { parent } = header
  const root = parent === null ? plan : await rootPlan(attempt, parent.rootRunId)
  const isFirst = held.claim.epoch === 1
  if (isFirst && (root === null || timesNamed(root, stepId) <= 1) && isFirstChild(header.runId)) return 0
  return callsInTree(attempt, parent?.rootRunId ?? header.runId, stepId)
}

async function rootPlan({ journal, plans }: Attempt, rootRunId: string): Promise<Plan | null> {
  const header = await journal.header(rootRunId)
  return header === null ? null : plans.get(header.definition)
}

/** Child runs that began anew carry a number in their ids. */
function isFirstChild(runId: string): boolean {
  return !runId.includes('~')
}

/** How many steps of a plan and its children have this id. */
function timesNamed(plan: Plan, stepId: string): number {
  let count = 0
  for (const { id, step } of plan.nodes) {
    if (id === stepId) count += 1
    if (step.type === 'subworkflow' && !('broken' in step.child)) count += timesNamed(step.child, stepId)
  }
  return count
}

async function callsInTree({ journal }: Attempt, rootRunId: string, stepId: string): Promise<number> {
  const open = [rootRunId]
  let sinceMs: number | null = null
  let calls = 0
  for (let count = 0; open.length > 0 && count < RUNS_MAX; count += 1) {
    const runId = open.pop()
    const loaded: LoadedRun | null = runId === undefined ? null : await journal.load(runId)
    if (loaded === null) continue
    const { records } = loaded
    const reopenedAt = records.findLastIndex(({ kind }) => kind === 'reopened')
    sinceMs ??= records[reopenedAt]?.atMs ?? 0
    // In the root the record itself is the border; elsewhere only its time can be.
    const fresh =
      runId === rootRunId ? records.slice(reopenedAt + 1) : records.filter(({ atMs }) => atMs >= (sinceMs ?? 0))
    calls += modelCalls(fresh, stepId)
    open.push(...childrenOf(records))
  }
  return calls
}

function childrenOf(records: readonly JournalRecord[]): readonly string[] {
  const waits = records.flatMap((record) => (record.kind === 'waiting' ? [record.wait] : []))
  return [...new Set(waits.flatMap((wait) => (wait.kind === 'child' ? [wait.runId] : [])))]
}

/**
 * Calls of a step, from its records: those that notes tell of, the last one of an attempt that ended well, and that in which an attempt
 * failed. A call that a crash has cut off is made again, and counts once.
 */
export function modelCalls(records: readonly JournalRecord[], stepId: string): number {
  let calls = 0
  let inAttempt = { asked: 0, answered: 0 }
  for (const record of records) {
    if (!('stepId' in record) || record.stepId !== stepId) continue
    switch (record.kind) {
      case 'claimed':
        inAttempt = { asked: 0, answered: 0 }
        break
      case 'noted':
        for (const note of notesIn(record.note)) {
          if (note.kind === 'asked') inAttempt.asked += 1
          if (note.kind === 'answered') inAttempt.answered += 1
          if (note.kind === 'answered') calls += 1
        }
        break
      case 'committed':
        if (record.usage.model !== null) calls += 1
        break
      case 'failed':
        calls += inAttempt.asked === 0 ? 1 : inAttempt.asked - inAttempt.answered
        break
      default:
        break
    }
  }
  return calls
}

function notesIn(text: string): readonly StepNote[] {
  const note = noteFrom(parseValue(text))
  const inner = note?.kind === 'inside' ? noteFrom(note.note) : note
  return inner === null ? [] : [inner]
}
