import {
  CorruptJournalError,
  FORMAT,
  NewerFormatError,
  RUN_STATUSES,
  type ParentStep,
  type RunHeader,
  type RunStatus,
} from '@agentloom/engine'
import { z } from 'zod'
import { nullableError } from './error-codec.ts'
import { listIn, oneOf, textIn, textOrNullIn } from './reply.ts'

export const runStatus = z.enum(RUN_STATUSES)

export const STATUSES: ReadonlySet<RunStatus> = new Set(runStatus.options)

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
  'budget',
  'timeout',
  'parent',
] as const

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
  const updatedAt = RECORD_TIME.exec(String(lastRecord))?.[1]
  if (updatedAt === undefined)
    throw new CorruptJournalError(runId, `its last record is ${String(lastRecord).slice(0, 80)}`)
  try {
    return headerOf(runId, values, Number(updatedAt))
  } catch (error) {
    throw new CorruptJournalError(runId, `its header is nonsense: ${error instanceof Error ? error.message : ''}`)
  }
}

/** By hand, as every reply (`reply.ts`). */
function headerOf(runId: string, values: readonly unknown[], updatedAtMs: number): RunHeader {
  const [workflow, definition, input, tenant, priority, tags, status, error, created, format, budget, timeout, parent] =
    values
  const errorText = textOrNullIn(error) ?? ''
  return {
    runId,
    workflow: textIn(workflow),
    definition: textIn(definition),
    input: textIn(input),
    tenant: textOrNullIn(tenant),
    priority: wholeIn(priority),
    tags: tags === '[]' ? [] : listIn(JSON.parse(textIn(tags))).map(textIn),
    status: oneOf(STATUSES, status),
    error: errorText === '' ? null : nullableError.parse(JSON.parse(errorText)),
    createdAtMs: wholeIn(created),
    updatedAtMs,
    format: wholeIn(format),
    budgetNanoUsd: budget == null ? null : wholeIn(budget),
    timeoutMs: timeout == null ? null : wholeIn(timeout),
    parent: parent == null ? null : parentIn(JSON.parse(textIn(parent))),
  }
}

/** As `start.ts` writes it. */
export function parentText({ runId, stepId, rootRunId }: ParentStep): string {
  return JSON.stringify([runId, stepId, rootRunId])
}

function parentIn(value: unknown): ParentStep {
  const [runId, stepId, rootRunId] = listIn(value)
  return { runId: textIn(runId), stepId: textIn(stepId), rootRunId: textIn(rootRunId) }
}

function wholeIn(value: unknown): number {
  const text = textIn(value)
  if (!/^\d{1,15}$/.test(text)) throw new Error(`${text.slice(0, 20)} is no whole number`)
  return Number(text)
}
