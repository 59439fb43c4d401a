import type { JournalRecord, StepUsage, Wait } from '@agentloom/engine'
import { costText, countText, durationText } from '../terminal/figures.ts'
import { printable } from '../terminal/printable.ts'

const STEP_COLUMNS = 16
const TEXT_CHARACTERS = 160

/** `2026-12-01T03:10:11.123  classify          committed · 402 ms · 1,204 tokens · $0.0007` */
export function logLine(record: JournalRecord): string {
  const step = 'stepId' in record ? printable(record.stepId) : '–'
  return `${new Date(record.atMs).toISOString().slice(0, -1)}  ${step.padEnd(STEP_COLUMNS)}  ${textOf(record)}`
}

/** The record as one line of JSON; values that are JSON texts in the journal are values here. */
export function logJson(record: JournalRecord): string {
  const { atMs, ...rest } = record
  const values = Object.entries(rest).map(([key, value]) => [
    key,
    key === 'output' || key === 'payload' ? parsed(value) : value,
  ])
  return `${JSON.stringify({ at: new Date(atMs).toISOString(), ...Object.fromEntries(values) })}\n`
}

const HASH_SHOWN = 12

function textOf(record: JournalRecord): string {
  switch (record.kind) {
    case 'started':
      return 'run accepted'
    case 'forked':
      return `taken over from run ${record.from.runId}, up to ${printable(record.from.stepId)}`
    case 'migrated':
      return `follows another definition from here on: ${record.to.slice(0, HASH_SHOWN)}`
    case 'claimed':
      return `begun by ${printable(record.worker)}`
    case 'committed':
      return `committed${usageText(record.usage)} · ${shortened(record.output)}`
    case 'failed': {
      const { error, status, retryAtMs, atMs } = record
      const what = status === 'timeout' ? 'timed out' : 'failed'
      const then = retryAtMs === null ? '' : ` · again in ${durationText(retryAtMs - atMs)}`
      return `${what}${then}${usageText(record.usage)} · ${error.code}: ${shortened(error.message)}`
    }
    case 'skipped':
      return 'skipped'
    case 'released':
      return `handed back: ${printable(record.reason)}`
    case 'died':
      return 'its worker died or fell silent'
    case 'noted':
      return `${noteText(record.note)}${record.usage === null ? '' : usageText(record.usage)}`
    case 'waiting':
      return `waits ${waitText(record.wait)}${record.untilMs === null ? '' : ` until ${new Date(record.untilMs).toISOString().slice(0, 19)}`}`
    case 'woken':
      return wakeText(record)
    case 'mirrored':
      return `its child run is ${record.status}`
    case 'signalled':
      return `signal ${printable(record.name)}: ${shortened(record.payload)}`
    case 'closing':
      return `would end as ${record.status}; cleans up first`
    case 'paused':
      return `paused: ${printable(record.reason)}`
    case 'reopened':
      return `goes on: ${printable(record.reason)}${record.stepIds.length === 0 ? '' : ` · again: ${printable(record.stepIds.join(', '))}`}`
    case 'ended':
      return `run ${record.status}${record.error === null ? '' : ` · ${record.error.code}: ${shortened(record.error.message)}`}`
    default:
      return record satisfies never
  }
}

function usageText({ durationMs, tokens, costNanoUsd }: StepUsage): string {
  return [
    ...(durationMs > 0 ? [durationText(durationMs)] : []),
    ...(tokens > 0 ? [countText(tokens, 'token')] : []),
    ...(costNanoUsd > 0 ? [costText(costNanoUsd)] : []),
  ]
    .map((part) => ` · ${part}`)
    .join('')
}

function waitText(wait: Wait): string {
  switch (wait.kind) {
    case 'gate':
      return 'for a decision'
    case 'timer':
      return 'for a time'
    case 'signal':
      return `for the signal ${printable(wait.name)}`
    case 'child':
      return `for its child run ${printable(wait.runId)}`
    case 'parked':
      return `(${printable(wait.reason)}): ${shortened(wait.message)}`
    default:
      return wait satisfies never
  }
}

function wakeText({ wake }: Extract<JournalRecord, { readonly kind: 'woken' }>): string {
  switch (wake.kind) {
    case 'decided':
      return `decided: ${printable(wake.decision)}${wake.by === null ? '' : ` by ${printable(wake.by)}`}`
    case 'signalled':
      return 'got its signal'
    case 'elapsed':
      return 'its time has come'
    case 'child-ended':
      return `its child run ${printable(wake.runId)} ended: ${wake.status}`
    default:
      return 'woken'
  }
}

/** What a step wrote down for itself: which turn of a model, which tool. */
function noteText(note: string): string {
  const { kind = 'note', turn, tool } = Object(parsed(note))
  const which = typeof turn === 'number' ? ` (turn ${turn + 1})` : ''
  return `${printable(String(kind))}${typeof tool === 'string' ? ` ${printable(tool)}` : ''}${which}`
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

function shortened(text: string): string {
  return printable(text, TEXT_CHARACTERS)
}
