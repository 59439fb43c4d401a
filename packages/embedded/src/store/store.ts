import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { RefusedWriteError, StoreError } from './errors.ts'
import type { Answer, Call, ChangeCells, Failure, OpenRequest, Refusal, Replies, Request, Wish } from './messages.ts'

export interface StoreOptions {
  readonly folder: string
  readonly access: 'write' | 'read'
  /** How long a command waits for another process's transaction, milliseconds; default 5,000: ours take a few. */
  readonly busyMs?: number
}

const BUSY_MS = 5_000

export type WishHandler = (run: string, wish: Wish) => void

/** All changes of one turn of the event loop: one message, one promise. */
interface Batch {
  readonly id: number
  readonly cells: ChangeCells[number][]
  count: number
  readonly done: Promise<void>
  readonly end: () => void
  failure: Failure | null
  refusals: Map<number, Refusal> | null
}

interface Waiting {
  resolve(reply: Replies[Call['name']]): void
  reject(error: Error): void
}

/**
 * Changes that are sent before the turn ends: the thread writes them while the turn goes on. Measured with 500 runs at once:
 * 64 gives a fifth more steps a second than sending all at the end, 16 no more than 64 and costs more messages.
 */
const BATCH_MAX = 64

const FILE = 'journal.db'

/** The main thread's half of the store. Nothing here waits for the disk. */
export class Store {
  readonly path: string
  readonly #worker: Worker
  #onWish: WishHandler | null = null
  #nextId = 1
  #open: Batch | null = null
  readonly #sent: Batch[] = []
  readonly #calls = new Map<number, Waiting>()
  #isKept = false
  /** Why nothing goes any more: closed, or the thread ended. */
  #ended: StoreError | null = null

  private constructor(worker: Worker, path: string) {
    this.#worker = worker
    this.path = path
  }

  /** @throws {StoreError} */
  static async open({ folder, access, busyMs = BUSY_MS }: StoreOptions): Promise<Store> {
    const path = resolve(checkFolder(folder), FILE)
    const request: OpenRequest = { path, folder: resolve(folder), access, busyMs }
    const thread = new URL(`./store-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
    // None of the caller's flags: they may name files or conditions that mean nothing here. SQLite's warning is not the user's.
    const worker = new Worker(thread, {
      workerData: request,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      name: 'agentloom-store',
    })
    const store = new Store(worker, path)
    await store.#opened()
    return store
  }

  onWish(handler: WishHandler): void {
    this.#onWish = handler
  }

  /** Keeps the process alive, or lets it end, while nothing is on its way to the disk. */
  keepAlive(isKept: boolean): void {
    this.#isKept = isKept
    this.#hold()
  }

  /**
   * Resolves when the change is on disk.
   * @throws {StoreError} when the disk or SQLite refused it, and with it all changes of its group
   * @throws {RefusedWriteError} when it was refused alone
   */
  write(change: ChangeCells): Promise<void> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    const batch = (this.#open ??= this.#newBatch())
    const index = batch.count
    batch.count += 1
    for (const cell of change) batch.cells.push(cell)
    if (batch.count === BATCH_MAX) this.#flush()
    return batch.done.then(() => {
      if (batch.failure !== null) throw this.#errorOf(batch.failure)
      const refusal = batch.refusals?.get(index)
      if (refusal !== undefined) throw new RefusedWriteError(change[0], refusal)
    })
  }

  /** @throws {StoreError} */
  call<Name extends Call['name']>(call: Extract<Call, { name: Name }>): Promise<Replies[Name]> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    this.#flush() // in order behind what was written before
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const take = (reply: Replies[Call['name']]): void => resolve(reply as Replies[Name]) // the thread answers by name
      this.#calls.set(id, { resolve: take, reject })
      this.#send({ kind: 'call', id, call })
    })
  }

  async close(): Promise<void> {
    if (this.#ended !== null) return
    const closed = this.call({ name: 'close' })
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()))
    this.#ended = new StoreError('store/closed', this.path, 'the journal is closed', 'open it again')
    await closed
    this.#worker.ref()
    await exited
  }

  #newBatch(): Batch {
    const { promise, resolve } = Promise.withResolvers<void>()
    // At the end of this turn, when everything that the turn set off has been written.
    process.nextTick(() => this.#flush())
    return { id: this.#nextId++, cells: [], count: 0, done: promise, end: resolve, failure: null, refusals: null }
  }

  #flush(): void {
    const batch = this.#open
    if (batch === null) return
    this.#open = null
    this.#sent.push(batch)
    this.#send({ kind: 'write', id: batch.id, cells: batch.cells })
  }

  #send(request: Request): void {
    this.#worker.postMessage(request)
    this.#hold()
  }

  #hold(): void {
    if (this.#isKept || this.#sent.length > 0 || this.#calls.size > 0) this.#worker.ref()
    else this.#worker.unref()
  }

  #opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#worker.on('message', (answer: Answer) => {
        if (answer.kind === 'opened') {
          this.#hold()
          resolve()
        } else if (answer.kind === 'refused') reject(this.#errorOf(answer.failure))
        else this.#receive(answer)
      })
      this.#worker.once('error', (error) => reject(this.#end(error)))
      this.#worker.once('exit', () => reject(this.#end(null)))
    })
  }

  #receive(answer: Exclude<Answer, { kind: 'opened' | 'refused' }>): void {
    switch (answer.kind) {
      case 'written':
        return this.#written(answer)
      case 'wish':
        return this.#onWish?.(answer.run, answer)
      case 'reply':
      case 'failed': {
        const waiting = this.#calls.get(answer.id)
        this.#calls.delete(answer.id)
        this.#hold()
        if (answer.kind === 'reply') return waiting?.resolve(answer.reply)
        return waiting?.reject(this.#errorOf(answer.failure))
      }
      default:
        return answer satisfies never
    }
  }

  #written({ id, failure, refusals }: Extract<Answer, { kind: 'written' }>): void {
    const batches = this.#sent.splice(0, this.#sent.findIndex((batch) => batch.id === id) + 1)
    for (const refused of refusals) {
      const batch = batches.find((sent) => sent.id === refused.id)
      if (batch !== undefined) (batch.refusals ??= new Map()).set(refused.index, refused.refusal)
    }
    for (const batch of batches) {
      batch.failure = failure
      batch.end()
    }
    this.#hold()
  }

  #end(error: Error | null): StoreError {
    const message =
      error === null ? 'the journal’s thread has ended' : `the journal’s thread has failed: ${error.message}`
    this.#ended ??= new StoreError('store/io', this.path, message, 'open it again')
    for (const batch of [...this.#sent.splice(0), ...(this.#open === null ? [] : [this.#open])]) {
      batch.failure = { code: 'io', message, help: 'open it again' }
      batch.end()
    }
    for (const waiting of this.#calls.values()) waiting.reject(this.#ended)
    this.#calls.clear()
    return this.#ended
  }

  #errorOf({ code, message, help }: Failure): StoreError {
    return new StoreError(`store/${code}`, this.path, message, help)
  }
}

const FOLDER_CHARACTERS_MAX = 3_000 // PATH_MAX of Linux is 4,096 bytes, and file names are put behind

/** @throws {StoreError} `store/path` for what SQLite would take for something else than a folder on disk */
function checkFolder(folder: string): string {
  const problem =
    folder === '' || folder === ':memory:'
      ? 'a journal that forgets is no journal'
      : folder.startsWith('file:')
        ? 'a URI is no folder'
        : folder.includes('\0')
          ? 'a path cannot hold a NUL character'
          : folder.length > FOLDER_CHARACTERS_MAX
            ? 'the path is too long'
            : null
  if (problem === null) return folder
  throw new StoreError(
    'store/path',
    JSON.stringify(folder.slice(0, 200)),
    problem,
    'name a folder, with AGENTLOOM_HOME',
  )
}
