import type { RunHeader } from '../ports/journal.ts'

/** The header of a run that nothing is said of. */
export function testHeader(more: Partial<RunHeader> = {}): RunHeader {
  return {
    runId: 'run',
    workflow: 'w',
    definition: 'hash',
    input: '{}',
    tenant: null,
    priority: 0,
    tags: [],
    status: 'running',
    error: null,
    createdAtMs: 1,
    updatedAtMs: 1,
    format: 1,
    budgetNanoUsd: null,
    timeoutMs: null,
    parent: null,
    ...more,
  }
}
