import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Client, createClient } from '@agentloom/bullmq/client'
import { keysOf, RUNS_QUEUE, STEPS_QUEUE } from '@agentloom/bullmq'
import type { RunView } from '@agentloom/engine'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml } from '@agentloom/workflow'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'

const MAIN = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.ts')
const FLAGS = ['--conditions=agentloom-source', '--disable-warning=ExperimentalWarning']
const FUNCTIONS = join(import.meta.dirname, 'functions.ts')

/** What `start-run` jobs may name. */
const GREETING =
  'name: greeting\nstate: {who: you}\nsteps:\n  - {id: greet, type: function, handler: well-behaved, input: {text: "{state.who}"}, output: text}\n'

/** How long a run may take in spite of everything; a step that comes back through the sweeper takes some seconds. */
const RUN_MS_MAX = 30_000

/** `agentloom worker` in a process of its own. */
export class WorkerProcess {
  readonly child: ChildProcess
  /** Lines of its log. */
  readonly log: string[] = []
  readonly ready: Promise<void>

  constructor(at: { readonly prefix: string; readonly home: string }) {
    const args = [
      'worker',
      '--redis',
      redisUrl(),
      '--functions',
      FUNCTIONS,
      '--workflows',
      join(at.home, 'workflows'),
      '--grace',
      '1',
    ]
    this.child = spawn(process.execPath, [...FLAGS, MAIN, ...args], {
      env: {
        PATH: process.env['PATH'],
        OLLAMA_BASE_URL: 'http://127.0.0.1:1',
        AGENTLOOM_PREFIX: at.prefix,
        AGENTLOOM_HOME: at.home,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.ready = promise
    if (this.child.stderr !== null) {
      createInterface({ input: this.child.stderr }).on('line', (line) => {
        this.log.push(line)
        if (line.includes('"taking steps"')) resolve()
      })
    }
    this.child.once('exit', () => reject(new Error(`the worker ended:\n${this.log.slice(-10).join('\n')}`)))
    promise.catch(() => undefined) // whoever waits hears of it
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** The exit code, or the signal. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<unknown> {
    if (this.isAlive) {
      this.child.kill(signal)
      await once(this.child, 'exit')
    }
    return this.child.exitCode ?? this.child.signalCode
  }
}

/** A prefix of its own on the shared Redis, with a client, the raw queues and workers; nothing of it is left behind. */
export class Yard implements AsyncDisposable {
  readonly prefix: string
  readonly home: string
  readonly client: Client
  readonly redis = new Redis(redisUrl(), { maxRetriesPerRequest: null })
  readonly steps: Queue
  readonly runs: Queue
  readonly #workers: WorkerProcess[] = []

  private constructor(prefix: string, home: string, client: Client) {
    this.prefix = prefix
    this.home = home
    this.client = client
    const settings = { connection: this.redis, prefix: keysOf(prefix).bullPrefix }
    this.steps = new Queue(STEPS_QUEUE, settings)
    this.runs = new Queue(RUNS_QUEUE, settings)
  }

  static async open(): Promise<Yard> {
    const home = await mkdtemp(join(tmpdir(), 'agentloom-bad-'))
    await mkdir(join(home, 'workflows'))
    await writeFile(join(home, 'workflows', 'greeting.yaml'), GREETING)
    const prefix = testPrefix()
    return new Yard(prefix, home, await createClient({ redis: redisUrl(), prefix }))
  }

  worker(): WorkerProcess {
    const worker = new WorkerProcess(this)
    this.#workers.push(worker)
    return worker
  }

  /** Starts a run of one step, or of what is given. */
  async start(runId: string, step: string): Promise<void> {
    await this.client.start(compileYaml(`name: bad\nsteps:\n  - {id: step, type: function, ${step}}\n`).plan, { runId })
  }

  async ended(runId: string): Promise<RunView> {
    await this.client.waitForEnd(runId, AbortSignal.timeout(RUN_MS_MAX))
    const view = await this.client.view(runId)
    if (view === null) throw new Error(`run ${runId} is gone`)
    return view
  }

  async run(runId: string, step: string): Promise<RunView> {
    await this.start(runId, step)
    return this.ended(runId)
  }

  /** How often the step was claimed. */
  async claims(runId: string): Promise<number> {
    return (await this.client.load(runId))?.records.filter(({ kind }) => kind === 'claimed').length ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) await worker.stop('SIGKILL')
    await this.steps.close()
    await this.runs.close()
    await this.client.close()
    this.redis.disconnect()
    await removeKeys(this.prefix)
    await rm(this.home, { recursive: true, force: true })
  }
}
