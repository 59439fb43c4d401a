import { parseValue } from '@agentloom/workflow'
import { nodeAt } from '../schedule/verdicts.ts'
import type { Attempt } from './attempt.ts'
import { noteFrom, type ItemEnd } from './notes.ts'

/**
 * The items that gave something in earlier visits of a `foreach`: resumed, it goes on with the others. None where a step that
 * it reads was reopened with it, because its items may be others then.
 */
export async function earlierItems({ visit, journal, header, plan, node }: Attempt): Promise<readonly ItemEnd[]> {
  if (visit === 1) return []
  const read = new Set(node.reads.map((index) => nodeAt(plan, index).id))
  let present: ItemEnd[] = []
  let earlier: ItemEnd[] = []
  for (const record of (await journal.load(header.runId))?.records ?? []) {
    if (record.kind === 'reopened' && record.stepIds.includes(node.id)) {
      const areOthers = record.stepIds.some((stepId) => read.has(stepId))
      earlier = areOthers ? [] : earlier.concat(present)
      present = []
    }
    if (record.kind !== 'noted' || record.stepId !== node.id) continue
    const note = noteFrom(parseValue(record.note))
    if (note?.kind === 'items') present.push(...note.items.filter((item) => 'output' in item))
  }
  return earlier
}
