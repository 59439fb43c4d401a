import type { JournalRecord } from '../journal/record.ts'

/** The value that a record carries, as JSON text; '' where it carries none. */
export function valueOf(record: JournalRecord): string {
  switch (record.kind) {
    case 'committed':
      return record.output
    case 'failed':
      return record.output ?? ''
    case 'noted':
      return record.note
    case 'signalled':
      return record.payload
    case 'woken':
      return record.wake.kind === 'signalled' ? record.wake.payload : ''
    default:
      return ''
  }
}

/** The record with another text for its value. */
export function withValue(record: JournalRecord, value: string): JournalRecord {
  if (value === valueOf(record)) return record
  switch (record.kind) {
    case 'committed':
    case 'failed':
      return { ...record, output: value }
    case 'noted':
      return { ...record, note: value }
    case 'signalled':
      return { ...record, payload: value }
    case 'woken':
      return record.wake.kind === 'signalled' ? { ...record, wake: { ...record.wake, payload: value } } : record
    default:
      return record
  }
}
