import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'

const ROOT = join(import.meta.dirname, '..', '..')
const FLAGS = ['--conditions=agentloom-source', '--disable-warning=ExperimentalWarning']
const MAIN = join(ROOT, 'apps', 'cli', 'src', 'main.ts')
const MANY = join(import.meta.dirname, 'command-line.fixture.ts')

/** What is not answered by then hangs, also on a machine that is busy with other tests. */
const ANSWER_MS_MAX = 15_000

export interface Called {
  /** Null: it hung and was killed. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const answer = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() })

/** `agentloom ARGS` in a process of its own. */
export async function agentloom(args: readonly string[], { cwd }: { readonly cwd: string }): Promise<Called> {
  const child = spawn(process.execPath, [...FLAGS, MAIN, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], OLLAMA_BASE_URL: 'http://127.0.0.1:1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: ANSWER_MS_MAX,
    killSignal: 'SIGKILL',
  })
  const [stdout, stderr, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, 'close')])
  return { code, stdout, stderr }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk.toString()
  return text
}

/** One process that serves call after call, so that hundreds of calls take seconds. It must live through all of them. */
export class CommandLine implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #answers: AsyncIterator<string>
  #said = ''

  constructor() {
    const child = spawn(process.execPath, [...FLAGS, MANY], { stdio: ['pipe', 'pipe', 'pipe'] })
    child.stderr.on('data', (chunk: Buffer) => (this.#said += chunk.toString()))
    this.#child = child
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  async call(args: readonly string[], cwd: string): Promise<Called> {
    const alarm = setTimeout(() => this.#child.kill('SIGKILL'), ANSWER_MS_MAX)
    try {
      this.#child.stdin?.write(`${JSON.stringify({ args, cwd })}\n`)
      const line = await this.#answers.next()
      if (line.done === true) throw new Error(`agentloom ${args.join(' ')}: the process died or hung\n${this.#said}`)
      return answer.parse(JSON.parse(line.value))
    } finally {
      clearTimeout(alarm)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end()
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit')
  }
}
