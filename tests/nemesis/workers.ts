import type { ChildProcess } from 'node:child_process'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { agentloom, exited } from '../crash/fleet.ts'
import { Clock } from './clock.ts'
import { Disk } from './disk.ts'
import { Proxy } from './proxy.ts'

const FUNCTIONS = join(import.meta.dirname, 'functions.ts')
const CONCURRENCY = '16'
/** Long enough for most steps of the load, short enough that some are handed back. */
const GRACE_SECONDS = '1'

export interface Worker {
  readonly name: string
  readonly home: string
  readonly proxy: Proxy
  readonly clock: Clock
  /** That of its home, where one can be had. */
  readonly disk: Disk | null
  /** Pools that it serves. */
  readonly queues: string
  child: ChildProcess
}

export interface WorkersOptions {
  readonly redisPort: number
  readonly prefix: string
  readonly folder: string
  readonly log: string
  readonly count: number
  readonly environment: NodeJS.ProcessEnv
}

/** The worker program itself, in processes; each behind a proxy, with a clock and a home of its own. */
export class Workers {
  readonly all: Worker[] = []
  readonly #options: WorkersOptions
  readonly #log: FileHandle
  readonly #held = new Set<Worker>()

  private constructor(options: WorkersOptions, log: FileHandle) {
    this.#options = options
    this.#log = log
  }

  static async start(options: WorkersOptions): Promise<Workers> {
    const workers = new Workers(options, await open(options.log, 'a'))
    for (let index = 0; index < options.count; index += 1) {
      const name = `w${index}`
      const home = join(options.folder, name)
      const disk = Disk.mount(home)
      const queues = index % 2 === 0 ? 'default,other' : 'default'
      const proxy = await Proxy.open(options.redisPort)
      const clock = new Clock(join(options.folder, `${name}.clock`))
      const worker = { name, home, proxy, clock, disk, queues }
      workers.all.push({ ...worker, child: workers.#spawn(worker) })
    }
    return workers
  }

  /** Another process in the place of one that has ended. */
  restart(worker: Worker): void {
    worker.child = this.#spawn(worker)
  }

  /** Those that run, whatever they do. */
  get alive(): readonly Worker[] {
    return this.all.filter(({ child }) => child.exitCode === null && child.signalCode === null)
  }

  /** Those that ended by themselves. */
  get dead(): readonly Worker[] {
    const alive = new Set(this.alive)
    return this.all.filter((worker) => !alive.has(worker) && !this.#held.has(worker))
  }

  /** Nobody revives it until this is over. */
  async hold<T>(worker: Worker, during: () => Promise<T>): Promise<T> {
    this.#held.add(worker)
    try {
      return await during()
    } finally {
      this.#held.delete(worker)
    }
  }

  isHeld(worker: Worker): boolean {
    return this.#held.has(worker)
  }

  /** For a process that is about to end, and can't wait. */
  abandon(): void {
    for (const { child, disk } of this.all) {
      child.kill('SIGKILL')
      disk?.unmount()
    }
  }

  async stop(): Promise<void> {
    for (const { child } of this.all) child.kill('SIGCONT')
    for (const { child } of this.all) child.kill('SIGTERM')
    const ends = this.all.map(({ child }) => exited(child))
    const timer = setTimeout(() => this.all.map(({ child }) => child.kill('SIGKILL')), 10_000)
    await Promise.all(ends)
    clearTimeout(timer)
    for (const { proxy, disk } of this.all) {
      proxy.close()
      disk?.unmount()
    }
    await this.#log.close()
  }

  #spawn({ name, home, proxy, clock, queues }: Omit<Worker, 'child'>): ChildProcess {
    const flags = ['--name', name, '--concurrency', CONCURRENCY, '--grace', GRACE_SECONDS, '--queues', queues]
    return agentloom(['worker', '--redis', proxy.url, '--functions', FUNCTIONS, ...flags], {
      env: {
        AGENTLOOM_PREFIX: this.#options.prefix,
        AGENTLOOM_HOME: home,
        AGENTLOOM_LOG_LEVEL: 'debug',
        ...this.#options.environment,
        ...clock.environment,
      },
      stdio: ['ignore', 'ignore', this.#log.fd],
    })
  }
}
