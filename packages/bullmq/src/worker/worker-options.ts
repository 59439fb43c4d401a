import { DEFAULT_POOL } from '@agentloom/engine'
import { AgentloomError, isQueueName } from '@agentloom/workflow'
import type { WorkerOptions } from './runtime.ts'

const CONCURRENCY = { min: 1, max: 10_000, default: 64 }
/** Takeover within 5 s, a tick of the sweeper included. */
const LEASE_MS = { min: 1_000, max: 600_000, default: 4_000 }
/** Each costs a worker a connection. */
const POOLS_MAX = 64
const STEPS = { min: 1, max: 10_000, default: 100 }

/** A setting of the worker is out of its range. */
export class WorkerOptionError extends AgentloomError {
  override readonly name = 'WorkerOptionError'
  readonly code = 'config/worker'
  readonly retryable = false
  override readonly place: string
  constructor(option: string, expected: string) {
    super(`${option}: give ${expected}`)
    this.place = option
  }
}

/** @throws {WorkerOptionError} */
export function checkWorkerOptions({ concurrency, leaseMs, stepsMax, pools = [DEFAULT_POOL] }: WorkerOptions): {
  readonly concurrency: number
  readonly leaseMs: number
  readonly stepsMax: number
  readonly pools: readonly string[]
} {
  return {
    concurrency: within('concurrency', concurrency, CONCURRENCY),
    leaseMs: within('leaseMs', leaseMs, LEASE_MS),
    stepsMax: within('stepsMax', stepsMax, STEPS),
    pools: checkedPools(pools),
  }
}

function within(
  option: string,
  given: number | undefined,
  range: { readonly min: number; readonly max: number; readonly default: number },
): number {
  const value = given ?? range.default
  if (!Number.isInteger(value) || value < range.min || value > range.max)
    throw new WorkerOptionError(option, `a whole number from ${range.min} to ${range.max}`)
  return value
}

function checkedPools(pools: readonly string[]): readonly string[] {
  const named = [...new Set(pools)]
  if (named.length === 0 || named.length > POOLS_MAX || !named.every(isQueueName))
    throw new WorkerOptionError('pools', `1 to ${POOLS_MAX} names of letters, digits, _ and -, 64 at most`)
  return named
}
