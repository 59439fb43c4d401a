import { WorkerSpool } from '../spool/worker-spool.ts'

/** A worker that puts what it knows, says so, and lives until it is killed. */
const spool = await WorkerSpool.open({ folder: process.argv[2] ?? '', worker: 'dying' })
const header = {
  runId: 'run',
  workflow: 'w',
  definition: 'hash',
  input: '{}',
  tenant: null,
  priority: 0,
  tags: [],
  status: 'running',
  error: null,
  createdAtMs: 1,
  updatedAtMs: 1,
  format: 1,
  budgetNanoUsd: null,
  timeoutMs: null,
  parent: null,
} as const
await spool.put({ kind: 'run', header, definitionText: '{"ü":1}', atMs: 2 })
await spool.put({ kind: 'ended', runId: 'run', status: 'cancelled', error: null, atMs: 3 })
process.send?.('put')
setInterval(() => undefined, 1_000)
