export {
  ForkError,
  RedisConnectError,
  RedisFullError,
  RedisUnreachableError,
  RedisUrlError,
  openBlobPlace,
  RunNotFoundError,
  type BlobStore,
  type CheckpointedRun,
  type EventOptions,
  type RunEvent,
  type RunStatus,
} from '@agentloom/bullmq/client'
export { InputError } from './input.ts'
export {
  createProducer,
  type ForkRunOptions,
  type Producer,
  type ProducerOptions,
  type Startable,
  type StartRunOptions,
} from './producer.ts'
export { RunFailedError, type Checkpoints, type RunHandle, type RunResult, type StepOutputs } from './run.ts'
