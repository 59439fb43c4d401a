import {
  CorruptJournalError,
  NO_USAGE,
  type JournalRecord,
  type Note,
  type RunStatus,
  type StepUsage,
  type Wait,
} from '@agentloom/engine'
import type { ErrorInfo } from '@agentloom/workflow'
import { nullableError, errorText } from './error-codec.ts'
import { runStatus, STATUSES } from './header.ts'
import { intIn, listIn, oneOf, textIn, textOrNullIn } from './reply.ts'
import { waitIn, waitText, wakeIn } from './wait-codec.ts'

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
    output: string | null = null,
  ): string =>
    `,${at.epoch},${quote(at.stepId)},"${at.status}",${errorText(error)},${usageText(usage)}` +
    (output === null ? ']' : `,${JSON.stringify(output)}]`),
  waiting: (epoch: number, stepId: string, wait: Wait, usage: StepUsage): string =>
    `,${epoch},${quote(stepId)},${waitText(wait)},${usageText(usage)}]`,
  noted: (epoch: number, stepId: string, { text, usage }: Note): string =>
    `,${epoch},${quote(stepId)},${JSON.stringify(text)},${usage === null ? 'null' : usageText(usage)}]`,
  mirrored: (stepId: string, status: RunStatus): string => `,${quote(stepId)},"${status}"]`,
  signalled: (name: string, payload: string): string => `,${quote(name)},${JSON.stringify(payload)}]`,
  skipped: (stepId: string, cause: number): string => `,${quote(stepId)},${cause}]`,
  released: (epoch: number, stepId: string, reason: string): string => `,${epoch},${quote(stepId)},${quote(reason)}]`,
  paused: (reason: string): string => `,${quote(reason)}]`,
  reopened: (reason: string, stepIds: readonly string[]): string => `,${quote(reason)},${JSON.stringify(stepIds)}]`,
}

const SAFE = /^[A-Za-z0-9_-]*$/

/** JSON of a text; names need no look at each letter. */
export function quote(text: string): string {
  return SAFE.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** Steps without a model, most of them, spend a duration and nothing else. */
function usageText({ durationMs, tokens, costNanoUsd, model, provider }: StepUsage): string {
  if (tokens === 0 && costNanoUsd === 0 && model === null && provider === null) return String(durationMs)
  return JSON.stringify([durationMs, tokens, costNanoUsd, model, provider])
}

type Committed = Extract<JournalRecord, { readonly kind: 'committed' }>

/** A record as stored: a committed one still lacks its output, unless it is the cleanup step's. */
export type StoredRecord =
  | Exclude<JournalRecord, Committed>
  | (Omit<Committed, 'output'> & Partial<Pick<Committed, 'output'>>)

/** @throws {CorruptJournalError} naming the run and the record's index */
export function readRecords(runId: string, from: number, stored: readonly string[]): readonly StoredRecord[] {
  return parseAll(runId, from, stored).map((parts, at) => {
    try {
      return recordOf(parts)
    } catch {
      throw new CorruptJournalError(runId, `record ${from + at} is ${stored[at]?.slice(0, 80)}`)
    }
  })
}

/** All in one go where all is well; one by one to find the culprit. */
function parseAll(runId: string, from: number, stored: readonly string[]): readonly unknown[] {
  try {
    const all: unknown = JSON.parse(`[${stored.join(',')}]`)
    if (Array.isArray(all) && all.length === stored.length) return all
  } catch {
    // told below
  }
  return stored.map((text, at): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      throw new CorruptJournalError(runId, `record ${from + at} is ${text.slice(0, 80)}`)
    }
  })
}

/** By hand, as every reply (`reply.ts`): a result of 10 steps has 22 records. @throws for what no script of ours wrote */
function recordOf(parts: unknown): StoredRecord {
  const [letter, at, third, fourth, fifth, ...rest] = listIn(parts)
  const atMs = countIn(at)
  switch (letter) {
    case 'b':
      return { kind: 'started', atMs }
    case 'y':
      return { kind: 'forked', atMs, from: { runId: textIn(third), stepId: textIn(fourth) } }
    case 'j':
      return { kind: 'migrated', atMs, from: textIn(third), to: textIn(fourth) }
    case 'c':
      return { kind: 'claimed', atMs, epoch: countIn(third), stepId: textIn(fourth), worker: textIn(fifth) }
    case 'k':
      return {
        kind: 'committed',
        atMs,
        epoch: countIn(third),
        stepId: textIn(fourth),
        usage: usageIn(fifth),
        ...(rest[0] === undefined ? {} : { output: textIn(rest[0]) }),
      }
    case 'f': {
      const [status, error, usage, output] = rest
      return {
        kind: 'failed',
        atMs,
        retryAtMs: third === null ? null : countIn(third),
        epoch: countIn(fourth),
        stepId: textIn(fifth),
        status: oneOf(FAILURES, status),
        error: someError.parse(error),
        usage: usageIn(usage),
        ...(output === undefined ? {} : { output: textIn(output) }),
      }
    }
    case 'd':
      return { kind: 'died', atMs, epoch: countIn(third), stepId: textIn(fourth) }
    case 'n': {
      const usage = rest[0] === null ? null : usageIn(rest[0])
      return { kind: 'noted', atMs, epoch: countIn(third), stepId: textIn(fourth), note: textIn(fifth), usage }
    }
    case 'w':
      return {
        kind: 'waiting',
        atMs,
        untilMs: third === null ? null : countIn(third),
        epoch: countIn(fourth),
        stepId: textIn(fifth),
        wait: waitIn(rest[0]),
        usage: usageIn(rest[1]),
      }
    case 'v':
      return { kind: 'woken', atMs, stepId: textIn(third), wake: wakeIn(fourth) }
    case 'm':
      return { kind: 'mirrored', atMs, stepId: textIn(third), status: oneOf(STATUSES, fourth) }
    case 'g':
      return { kind: 'signalled', atMs, name: textIn(third), payload: textIn(fourth) }
    case 'z':
      return { kind: 'closing', atMs, status: runStatus.parse(third), error: nullableError.parse(fourth) }
    case 's':
      return { kind: 'skipped', atMs, stepId: textIn(third), cause: countIn(fourth) }
    case 'r':
      return { kind: 'released', atMs, epoch: countIn(third), stepId: textIn(fourth), reason: textIn(fifth) }
    case 'p':
      return { kind: 'paused', atMs, reason: textIn(third) }
    case 'o':
      return { kind: 'reopened', atMs, reason: textIn(third), stepIds: listIn(fourth).map(textIn) }
    case 'e':
      return { kind: 'ended', atMs, status: runStatus.parse(third), error: nullableError.parse(fourth) }
    default:
      throw new Error('a kind of record that this version does not know')
  }
}

const FAILURES: ReadonlySet<'failed' | 'timeout'> = new Set(['failed', 'timeout'])
const someError = nullableError.refine((error) => error !== null)

function countIn(value: unknown): number {
  const count = intIn(value)
  if (count < 0) throw new Error('a count below zero')
  return count
}

function amountIn(value: unknown): number {
  if (typeof value === 'number' && value >= 0) return value
  throw new Error('no amount')
}

function usageIn(value: unknown): StepUsage {
  if (!Array.isArray(value)) return { ...NO_USAGE, durationMs: amountIn(value) }
  const [durationMs, tokens, costNanoUsd, model, provider] = listIn(value)
  return {
    durationMs: amountIn(durationMs),
    tokens: amountIn(tokens),
    costNanoUsd: amountIn(costNanoUsd),
    model: textOrNullIn(model),
    provider: textOrNullIn(provider),
  }
}
