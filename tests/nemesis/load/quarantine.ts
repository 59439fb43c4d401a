import type { Client, JournalRecord } from '@agentloom/bullmq/client'

type Waiting = Extract<JournalRecord, { kind: 'waiting' }>

/** Whether a step of the run, or of what is below it, stands in quarantine. */
export async function isQuarantined(client: Client, runId: string): Promise<boolean> {
  const waits = new Map<string, Waiting>()
  for (const record of (await client.load(runId))?.records ?? []) {
    if (record.kind === 'waiting') waits.set(record.stepId, record)
    if (record.kind === 'woken') waits.delete(record.stepId)
  }
  for (const { wait } of waits.values()) {
    if (wait.kind === 'parked' && wait.reason === 'quarantined') return true
    if (wait.kind === 'child' && (await isQuarantined(client, wait.runId))) return true
  }
  return false
}
