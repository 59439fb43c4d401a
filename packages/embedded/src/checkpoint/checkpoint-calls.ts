import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { StoreError } from '../store/errors.ts'
import type { OpenRequest } from '../store/messages.ts'
import type { CheckpointAnswer, CheckpointCall, CheckpointReplies, CheckpointRequest } from './messages.ts'

interface Waiting {
  resolve(reply: CheckpointReplies[CheckpointCall['name']]): void
  reject(error: Error): void
}

const BUSY_MS = 5_000

/** The caller's half of the store of checkpoints: starts the thread at the first call, and lets the process end while nothing is asked. */
export class CheckpointCalls {
  readonly path: string
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | null = null
  #nextId = 1

  constructor(path: string) {
    this.path = path
  }

  /** @throws {StoreError} */
  call<Name extends CheckpointCall['name']>(
    call: Extract<CheckpointCall, { name: Name }>,
  ): Promise<CheckpointReplies[Name]> {
    return this.#send((this.#worker ??= this.#open()), call)
  }

  #send<Name extends CheckpointCall['name']>(
    worker: Worker,
    call: Extract<CheckpointCall, { name: Name }>,
  ): Promise<CheckpointReplies[Name]> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const take = (reply: CheckpointReplies[CheckpointCall['name']]): void => resolve(reply as CheckpointReplies[Name]) // the thread answers by name
      this.#waiting.set(id, { resolve: take, reject })
      worker.ref()
      worker.postMessage({ id, call } satisfies CheckpointRequest)
    })
  }

  /** Twice is harmless; a call after it opens the file again. */
  async close(): Promise<void> {
    const worker = this.#worker
    if (worker === null) return
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    this.#worker = null
    await this.#send(worker, { name: 'close' })
    worker.ref()
    await exited
  }

  #open(): Worker {
    const request: Omit<OpenRequest, 'access'> = { path: this.path, folder: dirname(this.path), busyMs: BUSY_MS }
    const thread = new URL(`./checkpoint-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
    const worker = new Worker(thread, {
      workerData: request,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      name: 'agentloom-checkpoints',
    })
    worker.on('message', (answer: CheckpointAnswer) => this.#receive(worker, answer))
    worker.once('error', (error) => this.#end(worker, error.message))
    worker.once('exit', () => this.#end(worker, 'it has ended'))
    return worker
  }

  #receive(worker: Worker, answer: CheckpointAnswer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (this.#waiting.size === 0) worker.unref()
    if ('reply' in answer) return waiting?.resolve(answer.reply)
    const { code, message, help } = answer.failure
    waiting?.reject(new StoreError(`store/${code}`, this.path, message, help))
  }

  #end(worker: Worker, what: string): void {
    if (this.#worker === worker) this.#worker = null
    const error = new StoreError('store/io', this.path, `the thread of the checkpoints: ${what}`, 'try again')
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }
}
