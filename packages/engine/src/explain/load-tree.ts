import type { Plan, ValueMap } from '@agentloom/workflow'
import { redactError } from '../fold/redact-view.ts'
import { openChildren, type RunReader } from '../fold/run-tree.ts'
import { parseInput } from '../fold/run-view.ts'
import type { LoadedRun } from '../ports/journal.ts'
import type { Plans } from '../ports/runtime.ts'
import type { RunTree } from './facts.ts'

/** The run and those below it that it waits for, errors redacted; null where there is none. @throws {NewerFormatError} */
export async function loadTree(journal: RunReader, plans: Plans, runId: string): Promise<RunTree | null> {
  const loaded = await journal.load(runId)
  if (loaded === null) return null
  const children = new Map<string, RunTree>()
  for (const child of openChildren(loaded)) {
    const below = await loadTree(journal, plans, child.runId)
    if (below !== null) children.set(child.stepId, below)
  }
  const plan = await plans.get(loaded.header.definition)
  return { loaded: shown(plan, loaded), plan, children }
}

function shown(plan: Plan, loaded: LoadedRun): LoadedRun {
  if (plan.redact.length === 0) return loaded
  const { header, records } = loaded
  const state = (): ValueMap => ({ ...plan.state, ...parseInput(header.input) })
  return {
    header: { ...header, error: header.error && redactError(plan, header.error, state) },
    records: records.map((record) =>
      record.kind === 'failed' ? { ...record, error: redactError(plan, record.error, state) } : record,
    ),
  }
}
