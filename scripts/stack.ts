// `npm run stack`: what docker-compose.yml describes, on local processes. Ctrl-C stops all of it, a second one at once.
// `npm run stack -- --smoke` starts it on free ports, does one run over HTTP, looks at Bull Board, and stops.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from './stack/child.ts'
import { smoke } from './stack/smoke.ts'
import { type Stack, startStack } from './stack/start-stack.ts'

const USAGE = `Usage: npm run stack -- [--smoke] [--port 8642] [--redis-port 6390]

  Redis (append-only file), two workers and a server on this machine; files in .agentloom/stack.
  --smoke   on free ports and a temporary folder: one run, a look at Bull Board, stop
`
/** Exit code of a program that SIGTERM has asked to stop. */
const DRAINED = 143

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      smoke: { type: 'boolean' },
      port: { type: 'string' },
      'redis-port': { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return (process.stdout.write(USAGE), 0)
  return values.smoke === true ? runSmoke() : serve(portOf(values.port, 8_642), portOf(values['redis-port'], 6_390))
}

function portOf(text: string | undefined, fallback: number): number {
  const port = text === undefined ? fallback : /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw new Error(`${text} is no port\n${USAGE}`)
  return port
}

async function serve(port: number, redisPort: number): Promise<number> {
  const { promise: asked, resolve } = Promise.withResolvers<'SIGINT' | 'SIGTERM'>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  const folder = join(dirname(import.meta.dirname), '.agentloom', 'stack')
  const stack = await startStack({ folder, port, redisPort })
  console.log(`\nready: ${stack.url}/runs · Bull Board ${stack.url}/queues · Ctrl-C stops\n
  curl -X POST ${stack.url}/runs -H 'content-type: application/json' -d '{"workflow":"greeting","input":{"who":"you"}}'\n`)
  const reason = await Promise.race([asked, stack.broken.then((name) => `${name} has ended`)])
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stack.kill())
  console.log(`\nstopping: ${reason}`)
  await stack.stop()
  return reason === 'SIGINT' ? 130 : reason === 'SIGTERM' ? 143 : 1
}

async function runSmoke(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'agentloom-stack-'))
  const say = (line: string): void => console.log(`smoke    | ${line}`)
  let stack: Stack | null = null
  try {
    stack = await startStack({ folder, port: await freePort(), redisPort: await freePort() })
    await smoke(stack.url, say)
    const codes = await stack.stop()
    stack = null
    const bad = [...codes].filter(([name, code]) => name !== 'redis' && code !== DRAINED)
    if (bad.length > 0) throw new Error(`these did not drain: ${JSON.stringify(bad)}`)
    say('everything drained and stopped')
    return 0
  } finally {
    await stack?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
