import { hostname } from 'node:os'
import type { Compaction } from '@agentloom/bullmq'
import type { CheckpointStore } from '@agentloom/embedded'
import { readKept, readTree } from '@agentloom/engine'
import { isUnreadable } from './compact.ts'

/** Runs looked at in one round; those that are no longer there make room for the next. */
const RESTING_MAX = 500

export interface Leaving {
  readonly compaction: Pick<Compaction, 'resting' | 'leave' | 'load' | 'definition'>
  readonly store: Pick<CheckpointStore, 'folder' | 'write' | 'recordCount'>
  /** How long a run must have waited for somebody, milliseconds. */
  readonly idleMs: number
  readonly nowMs: number
}

/** Writes runs that have waited for long to their checkpoints and takes them out of Redis. @returns how many */
export async function leaveIdle({ compaction, store, idleMs, nowMs }: Leaving): Promise<number> {
  const home = `${hostname()}:${store.folder}`
  const sinceMs = nowMs - idleMs
  let count = 0
  for (const runId of await compaction.resting(RESTING_MAX, sinceMs)) {
    const tree = await readTree((id) => readKept(compaction, id), runId).catch((error: unknown) => {
      if (isUnreadable(error)) return [] // it stays
      throw error
    })
    if (tree.length === 0) continue
    let areKept = true
    for (const run of tree) {
      await store.write(run, run.definitionText)
      // Of a run that Redis has lost a part of, the store keeps what it had before.
      areKept &&= (await store.recordCount(run.header.runId)) === run.records.length
    }
    if (areKept && (await compaction.leave(tree, { home, sinceMs }))) count += 1
  }
  return count
}
