import type { DatabaseSync } from 'node:sqlite'
import type { Call, WholeRunReply } from './messages.ts'
import type { OwnedRuns } from './owned.ts'
import { findRun, type FoundRun } from './read-runs.ts'
import { inTransaction } from './transaction.ts'
import type { GroupWriter } from './write-group.ts'

/** Puts a run in the place of the one that is there, whole or not at all; it is this process's from then on. */
export function replaceRun(
  database: DatabaseSync,
  owned: OwnedRuns,
  writer: GroupWriter,
  { run, replaces, changes }: Extract<Call, { name: 'replace' }>,
): WholeRunReply {
  owned.processId() // outside of the transaction
  const before = owned.get(run)
  try {
    return inTransaction(database, () => {
      const refusal = remove(database, owned, run, replaces)
      if (refusal !== null) return refusal
      for (const change of changes) {
        const refused = writer.change(change)
        if (refused !== null) throw new Error(`a change of run ${run} is refused: ${refused.kind}`)
      }
      return { outcome: 'done' } as const
    })
  } catch (error) {
    if (before === undefined) owned.delete(run)
    else owned.set(run, before)
    throw error
  }
}

export function eraseRun(
  database: DatabaseSync,
  owned: OwnedRuns,
  { run, recordCount }: Extract<Call, { name: 'erase' }>,
): WholeRunReply {
  owned.processId()
  return inTransaction(database, () => {
    if (findRun(database, run) === null) return { outcome: 'done' } as const
    return remove(database, owned, run, recordCount) ?? ({ outcome: 'done' } as const)
  })
}

function remove(database: DatabaseSync, owned: OwnedRuns, run: string, expected: number | null): WholeRunReply | null {
  const found = findRun(database, run)
  const owner = found === null ? null : owned.livingOwner(found.owner)
  if (owner !== null) return { outcome: 'owned', owner }
  const recordCount = found === null ? null : recordCountOf(database, found)
  if (recordCount !== expected) return { outcome: 'refused', recordCount }
  if (found === null) return null
  for (const table of ['records', 'wishes']) database.prepare(`delete from ${table} where run = ?`).run(found.key)
  database.prepare('delete from runs where id = ?').run(found.key)
  owned.delete(run)
  return null
}

export function recordCountOf(database: DatabaseSync, { key }: FoundRun): number {
  const last = database
    .prepare('select seq, json_array_length(body) as count from records where run = ? order by seq desc limit 1')
    .get(key)
  return last === undefined ? 0 : Number(last['seq']) + Number(last['count'])
}
