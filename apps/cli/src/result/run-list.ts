import type { RunHeader } from '@agentloom/engine'
import { timeText } from '../terminal/figures.ts'
import { printable } from '../terminal/printable.ts'
import { jsonText } from './json-text.ts'

// Columns are an interface for scripts: longer values are not cut.
const COLUMNS = [18, 25, 16] as const
const RULE = '-'.repeat(80)

export function listTable(headers: readonly RunHeader[]): string {
  if (headers.length === 0) return 'No runs found.\n'
  const lines = headers.map(({ runId, workflow, status, updatedAtMs }) =>
    row([runId, workflow, status], timeText(updatedAtMs)),
  )
  return `${[row(['RUN ID', 'WORKFLOW', 'STATUS'], 'UPDATED'), RULE, ...lines].join('\n')}\n`
}

export function listJson(headers: readonly RunHeader[]): string {
  return jsonText(
    headers.map(({ runId, workflow, status, createdAtMs, updatedAtMs, tags, tenant, error }) => ({
      run_id: runId,
      workflow,
      status,
      created_at: new Date(createdAtMs).toISOString(),
      updated_at: new Date(updatedAtMs).toISOString(),
      tenant,
      tags,
      error,
    })),
  )
}

function row(cells: readonly string[], last: string): string {
  return `${cells.map((cell, index) => printable(cell).padEnd(COLUMNS[index] ?? 0)).join(' ')} ${last}`
}
