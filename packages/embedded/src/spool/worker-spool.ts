import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { SpoolError } from '@agentloom/engine'
import type { RunHeader, Spool, SpoolEntry, SpooledFact, SpooledRun, SpooledRunKey } from '@agentloom/engine/ports'
import type { Failure } from '../store/messages.ts'
import { StoreFailure } from '../store/failure.ts'
import type { OpenSpool, SpoolAnswer, SpoolCall, SpoolCells, SpoolReplies, SpoolRows } from './messages.ts'
import { SpoolFile } from './spool-file.ts'

interface Waiting {
  resolve(reply: SpoolReplies[SpoolCall['name']]): void
  reject(error: Error): void
}

/** A worker's spool, `<folder>/<worker>.db`: the main thread's half. Nothing here waits for the disk. */
export class WorkerSpool implements Spool {
  readonly path: string
  readonly #thread: Worker
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1
  /** What is put in this turn of the event loop. */
  #open: { readonly entries: SpoolCells[]; readonly done: Promise<void> } | null = null
  #ended: SpoolError | null = null

  private constructor(thread: Worker, path: string) {
    this.#thread = thread
    this.path = path
  }

  /**
   * Opens the spool of a worker and takes over those of workers that have died in this folder.
   * @throws {SpoolError}
   */
  static async open({ folder, worker }: OpenSpool): Promise<WorkerSpool> {
    const request: OpenSpool = { folder: resolve(folder), worker: worker.replaceAll(/[^A-Za-z0-9._-]/g, '_') }
    const url = new URL(`./spool-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
    const thread = new Worker(url, {
      workerData: request,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      name: 'agentloom-spool',
    })
    const spool = new WorkerSpool(thread, join(request.folder, `${request.worker}.db`))
    await spool.#opened()
    return spool
  }

  put(entry: SpoolEntry): Promise<void> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    this.#open ??= this.#newBatch()
    this.#open.entries.push(cellsOf(entry))
    return this.#open.done
  }

  runs(): Promise<readonly SpooledRunKey[]> {
    return this.#call({ name: 'runs' })
  }

  async read(runId: string): Promise<SpooledRun | null> {
    return spooledRun(await this.#call<'read'>({ name: 'read', run: runId }))
  }

  async mark(runs: readonly SpooledRunKey[], leavingAtMs: number | null): Promise<void> {
    if (runs.length > 0) await this.#call<'mark'>({ name: 'mark', runs, leavingAtMs })
  }

  async drop(runs: readonly SpooledRunKey[]): Promise<void> {
    if (runs.length > 0) await this.#call<'drop'>({ name: 'drop', runs })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async close(): Promise<void> {
    if (this.#ended !== null) return
    const closed = this.#call<'close'>({ name: 'close' })
    const exited = new Promise<void>((done) => this.#thread.once('exit', () => done()))
    this.#ended = new SpoolError('spool/closed', this.path, 'the spool is closed', 'start the worker again')
    await closed
    await exited
  }

  #newBatch(): { readonly entries: SpoolCells[]; readonly done: Promise<void> } {
    const entries: SpoolCells[] = []
    const done = new Promise<void>((resolve_, reject) => {
      process.nextTick(() => {
        this.#open = null
        this.#call<'put'>({ name: 'put', entries }).then(() => resolve_(), reject)
      })
    })
    return { entries, done }
  }

  #call<Name extends SpoolCall['name']>(call: Extract<SpoolCall, { name: Name }>): Promise<SpoolReplies[Name]> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    const id = this.#nextId++
    return new Promise((done, reject) => {
      this.#waiting.set(id, { resolve: (reply) => done(reply as SpoolReplies[Name]), reject }) // the thread answers by name
      this.#thread.postMessage({ id, call })
    })
  }

  #opened(): Promise<void> {
    return new Promise((done, reject) => {
      this.#thread.on('message', (answer: SpoolAnswer) => {
        if (answer.id === 'opened') return done()
        if (answer.id === 'refused') return reject(this.#errorOf(answer.failure))
        const waiting = this.#waiting.get(answer.id)
        this.#waiting.delete(answer.id)
        if ('failure' in answer) waiting?.reject(this.#errorOf(answer.failure))
        else waiting?.resolve(answer.reply)
      })
      this.#thread.once('error', (error) => reject(this.#end(error.message)))
      this.#thread.once('exit', () => reject(this.#end('it has ended')))
    })
  }

  #end(message: string): SpoolError {
    this.#ended ??= new SpoolError('spool/io', this.path, `the spool's thread: ${message}`, 'start the worker again')
    for (const waiting of this.#waiting.values()) waiting.reject(this.#ended)
    this.#waiting.clear()
    return this.#ended
  }

  #errorOf(failure: Failure): SpoolError {
    return spoolError(failure, this.path)
  }
}

/** The spools that lie in a folder, each as it is: of workers that are gone, or of another machine. For recovery by hand. */
export function readSpools(folder: string): FoundSpools {
  const spools: FoundSpool[] = []
  const unread: SpoolError[] = []
  for (const path of existsSync(folder) ? databasesBelow(folder) : []) {
    try {
      const file = SpoolFile.look(path)
      if (file === null) continue
      const spool = {
        runs: async () => file.runs(),
        read: async (runId: string) => spooledRun(file.read(runId)),
      }
      spools.push({ path, spool })
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error
      if (error.failure.code !== 'not-a-database')
        unread.push(spoolError({ ...error.failure, help: HELP_UNREAD }, path))
    }
  }
  return { spools, unread }
}

const HELP_UNREAD = 'what it holds is not told: bring back a copy of it, or recover without it'

export interface FoundSpool {
  readonly path: string
  readonly spool: Pick<Spool, 'runs' | 'read'>
}

export interface FoundSpools {
  readonly spools: readonly FoundSpool[]
  /** Of files that can't be read: a damaged one costs itself. */
  readonly unread: readonly SpoolError[]
}

/** Not behind symbolic links, which may lead in circles; readdirSync's own recursion follows them. */
function databasesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return databasesBelow(path)
    return entry.isFile() && entry.name.endsWith('.db') ? [path] : []
  })
}

function spoolError({ code, message, help }: Failure, path: string): SpoolError {
  const known = code === 'full' ? 'spool/full' : 'spool/io'
  return new SpoolError(known, path, message, help ?? 'look at the disk, and at the owner of the file')
}

function cellsOf(entry: SpoolEntry): SpoolCells {
  const { atMs } = entry
  if (entry.kind === 'run') {
    const { header, definitionText } = entry
    return {
      run: header.runId,
      hash: header.definition,
      definition: definitionText,
      body: JSON.stringify(header),
      atMs,
    }
  }
  const run = entry.kind === 'ended' ? entry.runId : entry.claim.runId
  return { run, hash: null, definition: null, body: JSON.stringify(entry), atMs }
}

/** Written by this class, and guarded by a sum. */
function spooledRun(rows: SpoolRows | null): SpooledRun | null {
  if (rows === null) return null
  return {
    header: JSON.parse(rows.header) as RunHeader,
    definitionText: rows.definition,
    facts: rows.facts.map((text) => JSON.parse(text) as SpooledFact),
  }
}
