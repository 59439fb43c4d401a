import type { JournalRecord, LoadedRun } from '@agentloom/engine'

/** Whether the record may leave the run waiting for somebody. */
export function mayNeedSomebody(record: JournalRecord): boolean {
  return isQuarantine(record) || isSpent(record) || (record.kind === 'mirrored' && record.status === 'parked')
}

/** Parked so that neither time nor a worker that starts lets it go on: its budget is spent, its steps are quarantined, or so are its child runs. */
export async function needsSomebody(
  { header, records }: LoadedRun,
  load: (runId: string) => Promise<LoadedRun | null>,
): Promise<boolean> {
  if (header.status === 'paused') return true
  if (header.status !== 'parked') return false
  const turn = records.findLast(({ kind }) => kind === 'paused' || kind === 'reopened')
  if (turn !== undefined && isSpent(turn)) return true
  const waits = new Map<string, Waiting>()
  for (const record of records) {
    if (record.kind === 'waiting') waits.set(record.stepId, record)
    else if (record.kind === 'woken' || record.kind === 'claimed') waits.delete(record.stepId)
  }
  const needs = async (waiting: Waiting): Promise<boolean> => {
    if (waiting.wait.kind !== 'child') return waiting.wait.kind === 'gate' || isQuarantine(waiting)
    const child = await load(waiting.wait.runId)
    return child !== null && needsSomebody(child, load)
  }
  return waits.size > 0 && (await Promise.all([...waits.values()].map(needs))).every(Boolean)
}

type Waiting = Extract<JournalRecord, { readonly kind: 'waiting' }>

function isQuarantine(record: JournalRecord): boolean {
  return record.kind === 'waiting' && record.wait.kind === 'parked' && record.wait.reason === 'quarantined'
}

function isSpent(record: JournalRecord): boolean {
  return record.kind === 'paused' && record.reason === 'awaiting_budget'
}
