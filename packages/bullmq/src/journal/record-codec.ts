import { CorruptJournalError, NO_USAGE, type JournalRecord, type StepUsage } from '@agentloom/engine'
import type { ErrorInfo } from '@agentloom/workflow'
import { z } from 'zod'
import { nullableError, errorText } from './error-codec.ts'
import { runStatus } from './header.ts'

/**
 * Records as Redis keeps them: compact JSON arrays, a letter and the time first. Scripts write `["letter",time` and
 * what they alone know, then the tail that is made here. A committed output is not in them but in the hash `out`.
 */
export const tails = {
  claimed: (stepId: string, worker: string): string => `,${quote(stepId)},${quote(worker)}]`,
  committed: (epoch: number, stepId: string, usage: StepUsage): string =>
    `,${epoch},${quote(stepId)},${usageText(usage)}]`,
  failed: (
    at: { readonly epoch: number; readonly stepId: string; readonly status: 'failed' | 'timeout' },
    error: ErrorInfo,
    usage: StepUsage,
  ): string => `,${at.epoch},${quote(at.stepId)},"${at.status}",${errorText(error)},${usageText(usage)}]`,
  skipped: (stepId: string, cause: number): string => `,${quote(stepId)},${cause}]`,
  released: (epoch: number, stepId: string, reason: string): string => `,${epoch},${quote(stepId)},${quote(reason)}]`,
  paused: (reason: string): string => `,${quote(reason)}]`,
  reopened: (reason: string, stepIds: readonly string[]): string => `,${quote(reason)},${JSON.stringify(stepIds)}]`,
}

const SAFE = /^[A-Za-z0-9_-]*$/

/** JSON of a text; names need no look at each letter. */
function quote(text: string): string {
  return SAFE.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** Steps without a model, most of them, spend a duration and nothing else. */
function usageText({ durationMs, tokens, costNanoUsd, model, provider }: StepUsage): string {
  if (tokens === 0 && costNanoUsd === 0 && model === null && provider === null) return String(durationMs)
  return JSON.stringify([durationMs, tokens, costNanoUsd, model, provider])
}

const atMs = z.int().min(0)
const epoch = z.int().min(0)
const text = z.string()
const usage = z.union([
  z.number().transform((durationMs): StepUsage => ({ ...NO_USAGE, durationMs })),
  z
    .tuple([z.number(), z.number(), z.number(), text.nullable(), text.nullable()])
    .transform(([durationMs, tokens, costNanoUsd, model, provider]): StepUsage => ({
      durationMs,
      tokens,
      costNanoUsd,
      model,
      provider,
    })),
])
const someError = nullableError.refine((error) => error !== null)

const schemas = {
  b: z.tuple([z.literal('b'), atMs]).transform(([, at]) => ({ kind: 'started' as const, atMs: at })),
  c: z.tuple([z.literal('c'), atMs, epoch, text, text]).transform(([, at, claimedEpoch, stepId, worker]) => ({
    kind: 'claimed' as const,
    atMs: at,
    stepId,
    epoch: claimedEpoch,
    worker,
  })),
  k: z.tuple([z.literal('k'), atMs, epoch, text, usage]).transform(([, at, of, stepId, used]) => ({
    kind: 'committed' as const,
    atMs: at,
    stepId,
    epoch: of,
    usage: used,
  })),
  f: z
    .tuple([z.literal('f'), atMs, atMs.nullable(), epoch, text, z.enum(['failed', 'timeout']), someError, usage])
    .transform(([, at, retryAtMs, of, stepId, status, error, used]) => ({
      kind: 'failed' as const,
      atMs: at,
      stepId,
      epoch: of,
      status,
      error,
      usage: used,
      retryAtMs,
    })),
  s: z
    .tuple([z.literal('s'), atMs, text, z.number()])
    .transform(([, at, stepId, cause]) => ({ kind: 'skipped' as const, atMs: at, stepId, cause })),
  r: z
    .tuple([z.literal('r'), atMs, epoch, text, text])
    .transform(([, at, of, stepId, reason]) => ({ kind: 'released' as const, atMs: at, stepId, epoch: of, reason })),
  p: z
    .tuple([z.literal('p'), atMs, text])
    .transform(([, at, reason]) => ({ kind: 'paused' as const, atMs: at, reason })),
  o: z
    .tuple([z.literal('o'), atMs, text, z.array(text)])
    .transform(([, at, reason, stepIds]) => ({ kind: 'reopened' as const, atMs: at, reason, stepIds })),
  e: z
    .tuple([z.literal('e'), atMs, runStatus, nullableError])
    .transform(([, at, status, error]) => ({ kind: 'ended' as const, atMs: at, status, error })),
}

/** A record as stored: a committed one still lacks its output. */
export type StoredRecord =
  | Exclude<JournalRecord, { readonly kind: 'committed' }>
  | Omit<Extract<JournalRecord, { readonly kind: 'committed' }>, 'output'>

/** @throws {CorruptJournalError} naming the run and the record's index */
export function readRecord(runId: string, index: number, stored: string): StoredRecord {
  const array = parseArray(stored)
  const letter = array?.[0]
  if (typeof letter === 'string' && Object.hasOwn(schemas, letter)) {
    const parsed = schemas[letter as keyof typeof schemas].safeParse(array)
    if (parsed.success) return parsed.data as StoredRecord
  }
  throw new CorruptJournalError(runId, `record ${index} is ${stored.slice(0, 80)}`)
}

function parseArray(stored: string): readonly unknown[] | null {
  try {
    const value: unknown = JSON.parse(stored)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
