import type { RunHeader, SpoolEntry } from '@agentloom/engine/ports'

export const header: RunHeader = {
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
}
export const begun: Extract<SpoolEntry, { readonly kind: 'run' }> = {
  kind: 'run',
  header,
  definitionText: '{"ü":1}',
  atMs: 2,
}
export const ended: SpoolEntry = { kind: 'ended', runId: 'run', status: 'cancelled', error: null, atMs: 3 }
