import type { DatabaseSync } from 'node:sqlite'
import type { Call, Replies } from './messages.ts'
import type { OwnedRuns } from './owned.ts'
import { childrenOf, findRun, listRuns, readDefinition, readRun, unknownRuns } from './read-runs.ts'
import { recordCountOf } from './whole-runs.ts'
import { inTransaction } from './transaction.ts'

/** Answers a call; a journal that was opened for reading where there is none is an empty one. */
export function answer(
  database: DatabaseSync | null,
  owned: OwnedRuns | null,
  call: Exclude<Call, { name: 'close' | 'replace' | 'erase' }>,
): Replies[Call['name']] {
  if (database === null) return call.name === 'unknown' ? call.runs : LISTS.has(call.name) ? [] : null
  switch (call.name) {
    case 'read': {
      const found = findRun(database, call.run)
      return found === null ? null : readRun(database, found, call.from)
    }
    case 'header':
      return findRun(database, call.run)?.row ?? null
    case 'definition':
      return readDefinition(database, call.hash)
    case 'list':
      return listRuns(database, call)
    case 'children':
      return childrenOf(database, call.run)
    case 'unknown':
      return unknownRuns(database, call.runs)
    case 'take':
      return owned === null ? null : takeRun(database, owned, call.run)
    case 'give':
      if (owned !== null) giveRun(database, owned, call.run)
      return null
    case 'standing': {
      const found = owned === null ? null : findRun(database, call.run)
      return found === null || owned === null ? null : { owner: owned.livingOwner(found.owner) }
    }
    case 'wish':
      return owned === null ? null : wish(database, owned, call)
    default:
      return call satisfies never
  }
}

const LISTS: ReadonlySet<Call['name']> = new Set(['list', 'children'])

/** Test and set in one transaction: of two that take the same dead run, one gets it. */
function takeRun(database: DatabaseSync, owned: OwnedRuns, run: string): Replies['take'] {
  const processId = owned.processId()
  return inTransaction(database, () => {
    const found = findRun(database, run)
    if (found === null) return null
    const owner = owned.livingOwner(found.owner)
    if (owner !== null) return { owner }
    database.prepare('update runs set owner = ? where id = ?').run(processId, found.key)
    database.prepare('delete from wishes where run = ?').run(found.key)
    owned.set(run, { key: found.key, next: recordCountOf(database, found), status: found.row.status })
    return readRun(database, found, 0)
  })
}

function giveRun(database: DatabaseSync, owned: OwnedRuns, run: string): void {
  owned.delete(run)
  database.prepare('update runs set owner = null where run = ? and owner = ?').run(run, owned.processId())
}

function wish(database: DatabaseSync, owned: OwnedRuns, call: Extract<Call, { name: 'wish' }>): Replies['wish'] {
  return inTransaction(database, () => {
    const found = findRun(database, call.run)
    if (found === null) return null
    const owner = owned.livingOwner(found.owner)
    if (owner !== null) {
      database
        .prepare('insert into wishes (run, wish, body) values (?, ?, ?) on conflict do nothing')
        .run(found.key, call.wish, call.body)
    }
    return { owner }
  })
}
