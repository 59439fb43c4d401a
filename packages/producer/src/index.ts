export { createProducer, type Producer, type ProducerOptions, type Startable, type StartRunOptions } from './producer.ts'
export { RunFailedError, type RunHandle, type RunResult } from './run.ts'
export type { EventOptions, RunEvent, RunStatus } from '@agentloom/bullmq/client'
