import { PARENT_ENDED } from '../execute/subworkflow.ts'
import { openChildren } from '../fold/run-tree.ts'
import { isOver } from '../journal/run-state.ts'
import type { Journal, LoadedRun } from '../ports/journal.ts'

/**
 * Ends child runs that nobody waits for, though they are live: a loss of data has taken their end, and not that their parent has
 * seen it; or the parent is over or lost, and what took it along did not reach them. For when all spools have been told.
 * @param runIds runs that were filled up
 */
export async function endLeftChildren(journal: Journal, runIds: Iterable<string>): Promise<void> {
  for (const runId of runIds) {
    const loaded = await journal.load(runId)
    if (loaded === null) continue
    for (const childRunId of leftChildren(loaded)) await endLive(journal, childRunId, runId)
    const { parent } = loaded.header
    if (parent === null || isOver(loaded.header.status)) continue
    const above = await journal.load(parent.runId)
    if (above === null || isOver(above.header.status) || leftChildren(above).includes(runId))
      await endLive(journal, runId, parent.runId)
  }
}

/** Child runs that steps have waited for, and wait for no more. */
function leftChildren(loaded: LoadedRun): readonly string[] {
  const waited = loaded.records.flatMap((record) =>
    record.kind === 'waiting' && record.wait.kind === 'child' ? record.wait.runId : [],
  )
  if (waited.length === 0) return waited
  const open = new Set(isOver(loaded.header.status) ? [] : openChildren(loaded).map(({ runId }) => runId))
  return [...new Set(waited)].filter((runId) => !open.has(runId))
}

async function endLive(journal: Journal, runId: string, parentRunId: string): Promise<void> {
  const header = await journal.header(runId)
  if (header !== null && !isOver(header.status))
    await journal.cancel(runId, `its parent run ${parentRunId} does not wait for it`, PARENT_ENDED)
}
