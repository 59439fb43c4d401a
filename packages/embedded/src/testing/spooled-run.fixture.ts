import type { SpoolEntry } from '@agentloom/engine/ports'
import { testHeader } from '@agentloom/engine/testing'

export const header = testHeader()
export const begun: Extract<SpoolEntry, { readonly kind: 'run' }> = {
  kind: 'run',
  header,
  definitionText: '{"ü":1}',
  atMs: 2,
}
export const ended: SpoolEntry = { kind: 'ended', runId: 'run', status: 'cancelled', error: null, atMs: 3 }
