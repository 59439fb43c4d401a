import { functionsOf, systemClock, type EngineEvent, type Executors } from '@agentloom/engine'
import { redisUrl } from '@agentloom/testing'
import type { FunctionDefinition, Plan } from '@agentloom/workflow'
import type { WorkerEvent } from '../worker/events.ts'
import { startWorkerRuntime, type WorkerOptions, type WorkerRuntime } from '../worker/runtime.ts'

export interface TestWorker {
  readonly runtime: WorkerRuntime
  readonly events: EngineEvent[]
  readonly workerEvents: WorkerEvent[]
}

interface TestWorkerOptions extends Partial<Omit<WorkerOptions, 'executors' | 'prefix' | 'workflows'>> {
  readonly prefix: string
  readonly functions?: readonly FunctionDefinition[]
  readonly workflows?: readonly Plan[]
}

/** A worker of functions only, on the shared Redis. */
export async function startTestWorker({
  prefix,
  functions = [],
  workflows = [],
  ...options
}: TestWorkerOptions): Promise<TestWorker> {
  const events: EngineEvent[] = []
  const workerEvents: WorkerEvent[] = []
  const runtime = await startWorkerRuntime({
    redis: redisUrl(),
    prefix,
    executors: executorsOf(functions, (event) => events.push(event)),
    workflows: new Map(workflows.map((plan) => [plan.name, plan])),
    onEvent: (event) => workerEvents.push(event),
    ...options,
  })
  return { runtime, events, workerEvents }
}

export function executorsOf(
  functions: readonly FunctionDefinition[],
  observe: (event: EngineEvent) => void = () => undefined,
): Executors {
  return {
    models: { call: () => Promise.reject(new Error('this test has no models')) },
    tools: {
      names: () => [],
      call: () => Promise.reject(new Error('this test has no tools')),
      onUnknown: () => 'retry',
      verify: async () => null,
      attach: () => Promise.reject(new Error('this test has no attachments')),
    },
    functions: functionsOf(functions),
    clock: systemClock,
    random: Math.random,
    observe,
    runFolder: () => '/nowhere',
  }
}
