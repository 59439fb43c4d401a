import { explainNewerFormat, explainRun, loadTree, NewerFormatError, type Explanation } from '@agentloom/engine'
import type { EmbeddedJournal } from '../journal/embedded-journal.ts'

/** Null where the journal has no such run. */
export async function explain(journal: EmbeddedJournal, nowMs: number, runId: string): Promise<Explanation | null> {
  try {
    const tree = await loadTree(journal, journal.plans, runId)
    if (tree === null) return null
    const owner = await journal.ownerOf(runId)
    return explainRun(tree, {
      nowMs,
      workers: null,
      owner: owner === null ? null : `process ${owner.pid} on ${owner.host}`,
      dueAtMs: () => null,
      queued: () => null,
      fullKeys: [],
    })
  } catch (error) {
    if (error instanceof NewerFormatError) return explainNewerFormat(runId, error.message)
    throw error
  }
}
