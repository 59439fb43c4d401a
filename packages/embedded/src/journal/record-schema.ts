import { RUN_STATUSES, type JournalRecord, type RunHeader } from '@agentloom/engine'
import { z } from 'zod'

/** What stands on disk is parsed like any other input: a sum proves that it is what was written, not that it makes sense. */
const atMs = z.number().nonnegative()
const epoch = z.int().nonnegative()
const stepId = z.string()

const errorInfo = z.object({
  code: z.string(),
  message: z.string(),
  place: z.string().nullable(),
  help: z.string().nullable(),
})

const usage = z.object({
  durationMs: z.number(),
  tokens: z.number(),
  costNanoUsd: z.number(),
  model: z.string().nullable(),
  provider: z.string().nullable(),
})

export const runStatus = z.enum(RUN_STATUSES)

export const recordSchema: z.ZodType<JournalRecord> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('started'), atMs }),
  z.object({ kind: z.literal('claimed'), atMs, stepId, epoch, worker: z.string() }),
  z.object({ kind: z.literal('committed'), atMs, stepId, epoch, usage, output: z.string() }),
  z.object({
    kind: z.literal('failed'),
    atMs,
    stepId,
    epoch,
    status: z.enum(['failed', 'timeout']),
    error: errorInfo,
    usage,
    retryAtMs: z.number().nullable(),
  }),
  z.object({ kind: z.literal('skipped'), atMs, stepId, cause: z.number() }),
  z.object({ kind: z.literal('released'), atMs, stepId, epoch, reason: z.string() }),
  z.object({ kind: z.literal('paused'), atMs, reason: z.string() }),
  z.object({ kind: z.literal('reopened'), atMs, reason: z.string(), stepIds: z.array(z.string()) }),
  z.object({ kind: z.literal('ended'), atMs, status: runStatus, error: errorInfo.nullable() }),
])

/** What never changes of a header, but definition and input, which have columns of their own. */
export const fixedHeader = z.object({
  workflow: z.string(),
  tenant: z.string().nullable(),
  priority: z.int(),
  tags: z.array(z.string()),
  createdAtMs: atMs,
  format: z.int(),
})

export const headerSchema: z.ZodType<RunHeader> = fixedHeader.extend({
  runId: z.string(),
  definition: z.string(),
  input: z.string(),
  status: runStatus,
  error: errorInfo.nullable(),
  updatedAtMs: atMs,
})

export const storedError = errorInfo.nullable()
