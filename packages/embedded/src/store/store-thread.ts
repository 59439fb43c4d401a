import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads'
import type { DatabaseSync } from 'node:sqlite'
import { answer } from './calls.ts'
import { failureOf } from './failure.ts'
import type { Answer, Call, OpenRequest, Replies, Request, Wish } from './messages.ts'
import { openDatabase } from './open-database.ts'
import { OwnedRuns } from './owned.ts'
import { JOURNAL } from './tables.ts'
import { eraseRun, replaceRun } from './whole-runs.ts'
import { GroupWriter, type WriteRequest } from './write-group.ts'

/**
 * The thread that owns the connection to `journal.db`. Requests are done in the order in which they come; writes that came
 * while the last sync ran make one group, so that there is no collecting window and a lone write waits for nobody. It imports
 * node: modules and its neighbours only: it is loaded from sources and from dist alike, without conditions.
 */

/** How often wishes of other processes are looked for while a run of ours lives: with the sync of the answer within a second. */
const WISHES_MS = 500

const WISHES = ['cancel', 'pause', 'wake', 'signal'] as const satisfies readonly Wish['wish'][]

function serve(port: MessagePort, request: OpenRequest): void {
  const tell = (message: Answer): void => port.postMessage(message)
  let database: DatabaseSync | null
  try {
    database = openDatabase(request, JOURNAL)
  } catch (error) {
    tell({ kind: 'refused', failure: failureOf(error, JOURNAL) })
    port.close()
    return
  }
  const owned = database === null || request.access === 'read' ? null : new OwnedRuns(database)
  const writer = database === null || owned === null ? null : new GroupWriter(database, owned)
  const watch = setInterval(() => {
    if (database !== null && owned !== null && owned.size > 0) lookForWishes(database, owned, tell)
  }, WISHES_MS)

  const replyTo = (call: Exclude<Call, { name: 'close' }>): Replies[Call['name']] => {
    if (call.name !== 'replace' && call.name !== 'erase') return answer(database, owned, call)
    if (database === null || owned === null || writer === null) return null
    return call.name === 'erase' ? eraseRun(database, owned, call) : replaceRun(database, owned, writer, call)
  }

  const close = (id: number): void => {
    clearInterval(watch)
    try {
      owned?.close()
      database?.close()
      tell({ kind: 'reply', id, reply: null })
    } catch (error) {
      tell({ kind: 'failed', id, failure: failureOf(error, JOURNAL) })
    }
    port.close()
  }

  port.on('message', (first: Request) => {
    const group: WriteRequest[] = []
    const flush = (): void => {
      if (writer !== null && group.length > 0) tell(writer.write(group.splice(0)))
    }
    for (let next: Request | undefined = first; next !== undefined; next = received(port)) {
      if (next.kind === 'write') {
        group.push(next)
        continue
      }
      flush()
      const { id, call } = next
      if (call.name === 'close') {
        close(id)
        return
      }
      try {
        tell({ kind: 'reply', id, reply: replyTo(call) })
      } catch (error) {
        tell({ kind: 'failed', id, failure: failureOf(error, JOURNAL) })
      }
    }
    flush()
  })
  tell({ kind: 'opened' })
}

function received(port: MessagePort): Request | undefined {
  const found: { readonly message: Request } | undefined = receiveMessageOnPort(port)
  return found?.message
}

function lookForWishes(database: DatabaseSync, owned: OwnedRuns, tell: (answer: Answer) => void): void {
  try {
    owned.beat()
    const found = database.prepare('select id, run, wish, body from wishes order by id').all()
    if (found.length === 0) return
    const names = owned.names()
    for (const { id, run: key, wish, body } of found) {
      const run = names.get(Number(key))
      if (run === undefined) continue
      database.prepare('delete from wishes where id = ?').run(Number(id))
      const known = WISHES.find((name) => name === wish)
      if (known !== undefined) tell({ kind: 'wish', run, wish: known, body: String(body) })
    }
  } catch {
    // A locked or full file shows itself at the next write; a wish is looked for again.
  }
}

if (parentPort !== null) serve(parentPort, workerData as OpenRequest) // written by store.ts
