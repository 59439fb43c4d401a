import { RUN_STATUSES, type JournalRecord, type RunHeader, type Wait, type Wake } from '@agentloom/engine'
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

/** Names files and folders, also where the run comes from somebody's file: no separator, and not `..`. */
const runId = z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9_.~-]{0,199}$/)

const wait: z.ZodType<Wait> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('gate'), timeoutMs: z.number().nullable() }),
  z.object({ kind: z.literal('timer'), delayMs: z.number() }),
  z.object({ kind: z.literal('signal'), name: z.string(), timeoutMs: z.number().nullable() }),
  z.object({ kind: z.literal('child'), runId }),
  z.object({ kind: z.literal('parked'), reason: z.string(), message: z.string(), checkMs: z.number().nullable() }),
])

const given = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('decided'), decision: z.string(), by: z.string().nullable() }),
  z.object({ kind: z.literal('child-ended'), runId: z.string(), status: runStatus }),
  z.object({ kind: z.literal('unparked'), by: z.string().nullable() }),
])

const wake: z.ZodType<Wake> = z.union([
  given,
  z.object({ kind: z.literal('signalled'), payload: z.string() }),
  z.object({ kind: z.literal('elapsed') }),
])

export const recordSchema: z.ZodType<JournalRecord> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('started'), atMs }),
  z.object({ kind: z.literal('forked'), atMs, from: z.object({ runId: z.string(), stepId }) }),
  z.object({ kind: z.literal('migrated'), atMs, from: z.string(), to: z.string() }),
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
    output: z.string().exactOptional(),
  }),
  z.object({ kind: z.literal('skipped'), atMs, stepId, cause: z.number() }),
  z.object({ kind: z.literal('released'), atMs, stepId, epoch, reason: z.string() }),
  z.object({ kind: z.literal('died'), atMs, stepId, epoch }),
  z.object({ kind: z.literal('noted'), atMs, stepId, epoch, note: z.string(), usage: usage.nullable() }),
  z.object({ kind: z.literal('waiting'), atMs, stepId, epoch, wait, usage, untilMs: z.number().nullable() }),
  z.object({ kind: z.literal('woken'), atMs, stepId, wake }),
  z.object({ kind: z.literal('mirrored'), atMs, stepId, status: runStatus }),
  z.object({ kind: z.literal('signalled'), atMs, name: z.string(), payload: z.string() }),
  z.object({ kind: z.literal('closing'), atMs, status: runStatus, error: errorInfo.nullable() }),
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
  parent: z.object({ runId, stepId: z.string(), rootRunId: runId }).nullable().default(null),
})

/** What is in force of a run's limits: a reopening may change it. */
export const limitsSchema = z.object({
  budgetNanoUsd: z.number().nullable().default(null),
  timeoutMs: z.number().nullable().default(null),
})

/** What one process wants of a run that another one has, beside a reason. */
export const wakeWish = z.object({ stepId, wake: given })
export const signalWish = z.object({ name: z.string(), payload: z.string() })

export const headerSchema: z.ZodType<RunHeader> = fixedHeader.extend({
  runId,
  definition: z.string(),
  input: z.string(),
  status: runStatus,
  error: errorInfo.nullable(),
  updatedAtMs: atMs,
  ...limitsSchema.shape,
})

export const storedError = errorInfo.nullable()
