import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = dirname(import.meta.dirname)

test('npm run stack -- --smoke: Redis, two workers and a server run a workflow, show it in Bull Board, and stop', async () => {
  const child = spawn(process.execPath, ['--conditions=agentloom-source', 'scripts/stack.ts', '--smoke'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = await once(child, 'close')
  expect(
    said.split('\n').filter((line) => line.startsWith('smoke')),
    said,
  ).toEqual([
    'smoke    | a run is started',
    'smoke    | it succeeded, with its state',
    'smoke    | Bull Board lists the queues and the job',
    'smoke    | everything drained and stopped',
  ])
  expect(code).toBe(0)
}, 60_000)

test('a part that cannot start ends the stack with its reason, and nothing is left running', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const args = ['--conditions=agentloom-source', 'scripts/stack.ts', '--redis-port', String(port)]
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = await once(child, 'close')
  other.close()
  expect(code).toBe(1)
  expect(said).toContain('redis: the process has ended')
}, 60_000)
