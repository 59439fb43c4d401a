// producer.ts
import { createProducer } from '@agentloom/producer'
import { triage } from './triage.ts'

await using loom = createProducer({ redis: process.env.AGENTLOOM_REDIS_URL ?? 'redis://127.0.0.1:6379' })
const run = await loom.start(triage, { id: 'ticket-3', input: { ticket: 'It is loud' } })
console.log((await run.result()).outputs.issue) // waits, woken by Redis; rejects when the run fails
