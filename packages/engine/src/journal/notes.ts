import type { AppendReply, Claim, Note } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import type { JournalRecord } from './record.ts'
import { isClosedTo, type RunState } from './run-state.ts'

/** A note has no nonce of its own: the same text by the same claim is the same note, sent again. */
export function append(run: RunState, held: Claim, { text, usage }: Note, ctx: CommandContext): AppendReply {
  const cell = run.cells.get(held.stepId)
  const isHolder = cell?.nonce === held.nonce && (cell.status === 'leased' || cell.status === 'expired')
  if (!isHolder || isClosedTo(run, held.stepId)) return { outcome: 'stale' }
  if (cell.noted?.has(text) === true) return { outcome: 'appended' }
  ;(cell.noted ??= new Set()).add(text)
  run.spentNanoUsd += usage?.costNanoUsd ?? 0
  run.updatedAtMs = ctx.nowMs
  run.records.push({ kind: 'noted', atMs: ctx.nowMs, stepId: held.stepId, epoch: held.epoch, note: text, usage })
  return { outcome: 'appended' }
}

/** Texts of a step's notes in its present visit, oldest first. */
export function notesOf(records: readonly JournalRecord[], stepId: string): readonly string[] {
  const from = records.findLastIndex((record) => record.kind === 'reopened' && record.stepIds.includes(stepId))
  return records
    .slice(from + 1)
    .flatMap((record) => (record.kind === 'noted' && record.stepId === stepId ? [record.note] : []))
}
