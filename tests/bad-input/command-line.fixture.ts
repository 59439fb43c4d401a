// The command line, call after call in one process: a line of JSON in (arguments and folder), a line of JSON out.

import { createInterface } from 'node:readline'
import { Readable, Writable } from 'node:stream'
import { type Environment, Output, runCli } from '@agentloom/cli'

const env: Environment = Object.assign(Object.create(null), { OLLAMA_BASE_URL: 'http://127.0.0.1:1' })

class Taken extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { args, cwd }: { args: string[]; cwd: string } = JSON.parse(line)
  const [stdout, stderr] = [new Taken(), new Taken()]
  const code = await runCli(args, {
    stdout: new Output(stdout, env),
    stderr: new Output(stderr, env),
    stdin: Readable.from([]),
    env,
    cwd: () => cwd,
    interrupts: { listen: () => () => undefined },
  })
  process.stdout.write(`${JSON.stringify({ code, stdout: stdout.text, stderr: stderr.text })}\n`)
}
