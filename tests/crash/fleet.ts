import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const FLAGS = ['--conditions=agentloom-source', '--disable-warning=ExperimentalWarning']
const CLI = join(ROOT, 'apps', 'cli', 'src', 'main.ts')

/** The command line in a process of its own: Node itself, so that a signal hits what it is meant for. */
export function agentloom(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly stdio?: StdioOptions } = {},
): ChildProcess {
  return spawn(process.execPath, [...FLAGS, CLI, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
    stdio: options.stdio ?? ['ignore', 'pipe', 'pipe'],
  })
}

export async function exited(child: ChildProcess): Promise<number | NodeJS.Signals> {
  if (child.exitCode !== null) return child.exitCode
  if (child.signalCode !== null) return child.signalCode
  const [code, signal] = await once(child, 'exit')
  return code ?? signal
}

interface FleetOptions {
  readonly redis: string
  readonly prefix: string
  readonly home: string
  /** AGENTLOOM_DEATHS_MAX. Default 1,000: deaths are mostly the killer's doing, not the steps'. */
  readonly deathsMax?: number
}

/** Worker processes under names that tell their incarnations apart; killed ones are started again. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #workers: { child: ChildProcess; name: string }[] = []
  readonly killed: string[] = []
  #said = ''
  #count = 0

  constructor(options: FleetOptions, size: number) {
    this.#options = options
    for (let index = 0; index < size; index += 1) this.#workers.push(this.#spawn(index))
  }

  get names(): readonly string[] {
    return this.#workers.map(({ name }) => name)
  }

  /** SIGKILL of one worker, and another in its place. */
  async kill(index: number): Promise<void> {
    const worker = this.#workers[index]
    if (worker === undefined) throw new Error(`no worker ${index}`)
    if (worker.child.exitCode !== null) throw new Error(`worker ${worker.name} ended by itself:\n${this.said}`)
    worker.child.kill('SIGKILL')
    await exited(worker.child)
    this.killed.push(worker.name)
    this.#workers[index] = this.#spawn(index)
  }

  /** A worker that dies by itself is started again, as its supervisor would. */
  keepUp(): void {
    for (const index of this.#workers.keys()) this.#watch(index)
  }

  #watch(index: number): void {
    const worker = this.#workers[index]
    worker?.child.once('exit', (_code, signal) => {
      if (signal !== 'SIGKILL') return
      this.killed.push(worker.name)
      this.#workers[index] = this.#spawn(index)
      this.#watch(index)
    })
  }

  async stop(): Promise<readonly (number | NodeJS.Signals)[]> {
    for (const { child } of this.#workers) child.kill('SIGTERM')
    return Promise.all(this.#workers.map(({ child }) => exited(child)))
  }

  /** What the workers wrote, for a failing test. */
  get said(): string {
    return this.#said.slice(-4_000)
  }

  #spawn(index: number): { child: ChildProcess; name: string } {
    const { redis, prefix, home, deathsMax = 1_000 } = this.#options
    const name = `w${index}-${(this.#count += 1)}`
    const functions = join(import.meta.dirname, 'functions.ts')
    const child = agentloom(
      ['worker', '--redis', redis, '--functions', functions, '--name', name, '--concurrency', '16', '--grace', '2'],
      {
        env: {
          AGENTLOOM_PREFIX: prefix,
          AGENTLOOM_HOME: home,
          AGENTLOOM_LOG_LEVEL: 'warning',
          AGENTLOOM_DEATHS_MAX: String(deathsMax),
        },
      },
    )
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#said += chunk.toString()))
    return { child, name }
  }
}
