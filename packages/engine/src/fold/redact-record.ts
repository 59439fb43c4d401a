import { parseValue, redact, type Plan, writeValue } from '@agentloom/workflow'
import type { JournalRecord } from '../journal/record.ts'
import { redactError, redactOutputText } from './redact-view.ts'

/**
 * A record as it may leave the engine, told as an event: values are redacted as in a view, and what a step wrote down for itself
 * (what models and tools were asked and said) is left out. The record itself where the plan hides nothing.
 */
export function redactRecord(plan: Plan, record: JournalRecord): JournalRecord {
  if (plan.redact.length === 0) return record
  // Of the state only its beginning is known here.
  const state = () => plan.state
  switch (record.kind) {
    case 'committed':
      return { ...record, output: redactOutputText(plan, plan.byId.get(record.stepId), record.output) }
    case 'failed': {
      const { output } = record
      const node = plan.byId.get(record.stepId)
      const shown = output === undefined ? {} : { output: redactOutputText(plan, node, output) }
      return { ...record, ...shown, error: redactError(plan, record.error, state) }
    }
    case 'noted':
      return { ...record, note: '{}' }
    case 'signalled':
      return { ...record, payload: redactedText(plan, record.payload, [record.name]) }
    case 'woken':
      return record.wake.kind === 'signalled'
        ? { ...record, wake: { ...record.wake, payload: redactedText(plan, record.wake.payload, []) } }
        : record
    case 'closing':
    case 'ended':
      return { ...record, error: record.error && redactError(plan, record.error, state) }
    default:
      return record
  }
}

function redactedText(plan: Plan, text: string, path: readonly string[]): string {
  return writeValue(redact(parseValue(text), plan.redact, path))
}
