import { existsSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads'
import { failureOf } from '../store/failure.ts'
import type { OpenRequest } from '../store/messages.ts'
import { openDatabase } from '../store/open-database.ts'
import { KeptRunWriter } from './kept-runs.ts'
import type { CheckpointAnswer, CheckpointCall, CheckpointReplies, CheckpointRequest } from './messages.ts'
import { expiredRuns, listRuns, readRun, runIds, treeOf, unknownRuns } from './read-runs.ts'
import { CHECKPOINTS } from './tables.ts'

/**
 * The thread that owns the connection to the store of checkpoints. The file is made at the first write, so that looking leaves
 * no trace. What came while the last sync ran makes one transaction. It imports node: modules and its neighbours only: it is
 * loaded from sources and from dist alike, without conditions.
 */

/** Pages given back at once after a removal, 4 MiB: the rest at the next. */
const FREED_PAGES = 1_000

type Write = Extract<CheckpointCall, { name: 'put' | 'remove' }>

class Checkpoints {
  readonly #request: Omit<OpenRequest, 'access'>
  #database: DatabaseSync | null = null
  #writer: KeptRunWriter | null = null

  constructor(request: Omit<OpenRequest, 'access'>) {
    this.#request = request
  }

  write(calls: readonly Write[]): readonly CheckpointReplies[Write['name']][] {
    if (calls.every(({ name }) => name === 'remove') && !this.#canRead()) return calls.map(() => 0)
    const { database, writer } = this.#forWriting()
    database.exec('begin immediate')
    try {
      const replies = calls.map((call) => (call.name === 'put' ? writer.put(call) : this.#remove(call.runs)))
      database.exec('commit')
      if (calls.some(({ name }) => name === 'remove')) database.exec(`pragma incremental_vacuum(${FREED_PAGES})`)
      return replies
    } catch (error) {
      if (database.isTransaction) database.exec('rollback')
      throw error
    }
  }

  read(call: Exclude<CheckpointCall, Write | { name: 'close' }>): CheckpointReplies[CheckpointCall['name']] {
    const database = this.#canRead()
    if (database === null) return call.name === 'unknown' ? call.runs : SINGLE.has(call.name) ? null : []
    switch (call.name) {
      case 'standing': {
        const found = database.prepare('select id, count from runs where run = ?').get(call.run)
        return found === undefined ? null : { key: Number(found['id']), count: Number(found['count']) }
      }
      case 'read':
        return atOnce(database, () => readRun(database, call.run))
      case 'list':
        return listRuns(database, call.filter)
      case 'unknown':
        return unknownRuns(database, call.runs)
      case 'ids':
        return runIds(database)
      case 'tree':
        return treeOf(database, call.run)
      case 'expired':
        return expiredRuns(database, call.rule)
      default:
        return call satisfies never
    }
  }

  close(): void {
    this.#database?.close()
    this.#database = null
    this.#writer = null
  }

  #remove(runs: readonly string[]): number {
    const { database, writer } = this.#forWriting()
    let count = 0
    for (const run of runs) {
      const standing = writer.standing(run)
      if (standing === null) continue
      writer.remove(standing.key)
      count += 1
    }
    database.exec('delete from defs where not exists (select 1 from runs where runs.hash = defs.hash)')
    return count
  }

  #canRead(): DatabaseSync | null {
    if (this.#database === null && existsSync(this.#request.path))
      this.#database = openDatabase({ ...this.#request, access: 'read' }, CHECKPOINTS)
    return this.#database
  }

  #forWriting(): { readonly database: DatabaseSync; readonly writer: KeptRunWriter } {
    if (this.#writer === null || this.#database === null) {
      this.#database?.close()
      this.#database = openDatabase({ ...this.#request, access: 'write' }, CHECKPOINTS)
      if (this.#database === null) throw new Error('a file that was opened for writing is not there')
      this.#writer = new KeptRunWriter(this.#database)
    }
    return { database: this.#database, writer: this.#writer }
  }
}

const SINGLE: ReadonlySet<CheckpointCall['name']> = new Set(['standing', 'read'])

/** One moment for all that is read: others may write between two statements. */
function atOnce<Result>(database: DatabaseSync, read: () => Result): Result {
  database.exec('begin')
  try {
    return read()
  } finally {
    database.exec('rollback')
  }
}

function serve(port: MessagePort, request: Omit<OpenRequest, 'access'>): void {
  const checkpoints = new Checkpoints(request)
  const tell = (answer: CheckpointAnswer): void => port.postMessage(answer)
  const failed = (id: number, error: unknown): void => tell({ id, failure: failureOf(error, CHECKPOINTS) })

  port.on('message', (first: CheckpointRequest) => {
    const group: { readonly id: number; readonly call: Write }[] = []
    const flush = (): void => {
      const writes = group.splice(0)
      if (writes.length === 0) return
      try {
        const replies = checkpoints.write(writes.map(({ call }) => call))
        for (const [at, { id }] of writes.entries()) tell({ id, reply: replies[at] ?? 0 })
      } catch (error) {
        for (const { id } of writes) failed(id, error)
      }
    }
    for (let next: CheckpointRequest | undefined = first; next !== undefined; next = received(port)) {
      const { id, call } = next
      if (call.name === 'put' || call.name === 'remove') {
        group.push({ id, call })
        continue
      }
      flush()
      if (call.name === 'close') {
        checkpoints.close()
        tell({ id, reply: null })
        port.close()
        return
      }
      try {
        tell({ id, reply: checkpoints.read(call) })
      } catch (error) {
        failed(id, error)
      }
    }
    flush()
  })
}

function received(port: MessagePort): CheckpointRequest | undefined {
  const found: { readonly message: CheckpointRequest } | undefined = receiveMessageOnPort(port)
  return found?.message
}

if (parentPort !== null) serve(parentPort, workerData as Omit<OpenRequest, 'access'>) // written by checkpoint-thread-calls.ts
