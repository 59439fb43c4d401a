import type { JournalRecord, LoadedRun } from '@agentloom/engine'

/** Whether the record may leave the run waiting for somebody. */
export function mayNeedSomebody(record: JournalRecord): boolean {
  return isQuarantine(record) || isSpent(record)
}

/** Parked so that neither time nor a worker that starts lets it go on: its budget is spent, or its steps are quarantined. */
export function needsSomebody({ header, records }: LoadedRun): boolean {
  if (header.status !== 'parked') return false
  const turn = records.findLast(({ kind }) => kind === 'paused' || kind === 'reopened')
  if (turn !== undefined && isSpent(turn)) return true
  const waits = new Map<string, JournalRecord>()
  for (const record of records) {
    if (record.kind === 'waiting') waits.set(record.stepId, record)
    else if (record.kind === 'woken' || record.kind === 'claimed') waits.delete(record.stepId)
  }
  return waits.size > 0 && [...waits.values()].every(isQuarantine)
}

function isQuarantine(record: JournalRecord): boolean {
  return record.kind === 'waiting' && record.wait.kind === 'parked' && record.wait.reason === 'quarantined'
}

function isSpent(record: JournalRecord): boolean {
  return record.kind === 'paused' && record.reason === 'awaiting_budget'
}
