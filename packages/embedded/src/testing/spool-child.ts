import { WorkerSpool } from '../spool/worker-spool.ts'
import { begun, ended } from './spooled-run.fixture.ts'

/** A worker that puts what it knows, says so, and lives until it is killed. */
const spool = await WorkerSpool.open({ folder: process.argv[2] ?? '', worker: 'dying' })
await spool.put(begun)
await spool.put(ended)
process.send?.('put')
setInterval(() => undefined, 1_000)
