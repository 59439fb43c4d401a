import { errorDocument, type RunHeader } from '@agentloom/engine'
import type { ValueMap } from '@agentloom/workflow'

/** A row of a listing. */
export function runRow(header: RunHeader): ValueMap {
  return {
    run_id: header.runId,
    workflow: header.workflow,
    status: header.status,
    tenant: header.tenant,
    priority: header.priority,
    tags: header.tags,
    created_at: new Date(header.createdAtMs).toISOString(),
    updated_at: new Date(header.updatedAtMs).toISOString(),
    error: errorDocument(header.error),
  }
}
