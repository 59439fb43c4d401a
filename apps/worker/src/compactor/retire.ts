import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckpointStore } from '@agentloom/embedded'

/** Trees of runs removed in one round. */
const RETIRED_MAX = 500

export interface Retirement {
  readonly store: Pick<CheckpointStore, 'expired' | 'tree' | 'remove'>
  /** How long checkpoints of ended runs stay, milliseconds; null: until somebody removes them. */
  readonly ageMs: number | null
  /** Of the run folders. */
  readonly workDir: string
  readonly nowMs: number
}

/** Removes checkpoints of runs in Redis that are older than the retention, and the folders of their runs. @returns of how many runs */
export async function retireCheckpoints({ store, ageMs, workDir, nowMs }: Retirement): Promise<number> {
  if (ageMs === null) return 0
  let count = 0
  for (const root of await store.expired({ ageMs, countMax: null, place: 'redis' }, nowMs, RETIRED_MAX)) {
    const tree = await store.tree(root)
    for (const runId of tree) await rm(join(workDir, runId), { recursive: true, force: true })
    await store.remove(tree)
    count += tree.length
  }
  return count
}
