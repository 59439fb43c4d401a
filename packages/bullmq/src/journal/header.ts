import { CorruptJournalError, FORMAT, NewerFormatError, type RunHeader } from '@agentloom/engine'
import { z } from 'zod'
import { nullableError } from './error-codec.ts'

export const runStatus = z.enum([
  'queued',
  'running',
  'paused',
  'parked',
  'success',
  'failed',
  'timeout',
  'budget_exceeded',
  'cancelled',
])

/** Fields of the run's hash that make its header; `lua/commands/claim.lua` answers them in this order. */
export const HEADER_FIELDS = [
  'workflow',
  'definition',
  'input',
  'tenant',
  'priority',
  'tags',
  'status',
  'error',
  'created',
  'format',
] as const

const json = z.string().transform((text, ctx): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    ctx.addIssue('no JSON')
    return z.NEVER
  }
})
const whole = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
const optional = z
  .string()
  .nullable()
  .transform((text) => text || null)

const fields = z.tuple([
  z.string(),
  z.string(),
  z.string(),
  optional,
  whole,
  json.pipe(z.array(z.string())),
  runStatus,
  z
    .string()
    .nullable()
    .transform((text) => text || 'null')
    .pipe(json)
    .pipe(nullableError),
  whole,
  whole,
])

/** A record begins with its letter and its time. */
const RECORD_TIME = /^\["[a-z]",(\d{1,15})[,\]]/

/**
 * The header from its fields and the run's last record, which says when it was touched last; null where there is no run.
 * @throws {CorruptJournalError} {@link NewerFormatError}
 */
export function readHeader(runId: string, values: readonly unknown[], lastRecord: unknown): RunHeader | null {
  if (values[0] == null && values[6] == null) return null
  const format = Number(values[9])
  if (format > FORMAT) throw new NewerFormatError(runId, format, FORMAT)
  const parsed = fields.safeParse(values)
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path[0]
    throw new CorruptJournalError(runId, `its header field ${HEADER_FIELDS[Number(at)] ?? '?'} is nonsense`)
  }
  const updatedAt = RECORD_TIME.exec(String(lastRecord))?.[1]
  if (updatedAt === undefined)
    throw new CorruptJournalError(runId, `its last record is ${String(lastRecord).slice(0, 80)}`)
  const [workflow, definition, input, tenant, priority, tags, status, error, createdAtMs] = parsed.data
  return {
    runId,
    workflow,
    definition,
    input,
    tenant,
    priority,
    tags,
    status,
    error,
    createdAtMs,
    updatedAtMs: Number(updatedAt),
    format,
  }
}
