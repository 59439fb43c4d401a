import { noteFrom, type StepNote } from './notes.ts'
import type { Attempt } from './attempt.ts'
import { parseValue } from '@agentloom/workflow'

/**
 * What a human has decided about the tool calls of a turn, if he has since the last time that he was asked. Then the answer is written
 * down as used: a wake that stays with the step must not answer the next question too.
 */
export async function decisionOf(
  attempt: Attempt,
  turn: number,
  remember: (note: StepNote) => Promise<void>,
): Promise<'retry' | 'skip' | null> {
  const { wake, journal, header, node, notebook } = attempt
  if (wake?.kind !== 'decided') return null
  const { decision } = wake
  if (decision !== 'retry' && decision !== 'skip') return null
  const records = (await journal.load(header.runId))?.records ?? []
  const own = records.filter((record) => 'stepId' in record && record.stepId === node.id)
  const wokenAt = own.findLastIndex((record) => record.kind === 'woken')
  const usedAt = own.findLastIndex((record) => {
    const note = record.kind === 'noted' ? noteFrom(parseValue(record.note)) : null
    if (notebook === undefined) return note?.kind === 'decided'
    return note?.kind === 'inside' && note.index === notebook.index && noteFrom(note.note)?.kind === 'decided'
  })
  if (usedAt > wokenAt) return null
  await remember({ kind: 'decided', turn, decision })
  return decision
}
