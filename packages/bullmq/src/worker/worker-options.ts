import { AgentloomError } from '@agentloom/workflow'
import type { WorkerOptions } from './runtime.ts'

const CONCURRENCY = { min: 1, max: 10_000, default: 64 }
/** Takeover within 5 s, a tick of the sweeper included. */
const LEASE_MS = { min: 1_000, max: 600_000, default: 4_000 }
const STEPS = { min: 1, max: 10_000, default: 100 }

/** A setting of the worker is out of its range. */
export class WorkerOptionError extends AgentloomError {
  override readonly name = 'WorkerOptionError'
  readonly code = 'config/worker'
  readonly retryable = false
  override readonly place: string
  constructor(option: string, { min, max }: { readonly min: number; readonly max: number }) {
    super(`${option}: give a whole number from ${min} to ${max}`)
    this.place = option
  }
}

/** @throws {WorkerOptionError} */
export function checkWorkerOptions({ concurrency, leaseMs, stepsMax }: WorkerOptions): {
  readonly concurrency: number
  readonly leaseMs: number
  readonly stepsMax: number
} {
  return {
    concurrency: within('concurrency', concurrency, CONCURRENCY),
    leaseMs: within('leaseMs', leaseMs, LEASE_MS),
    stepsMax: within('stepsMax', stepsMax, STEPS),
  }
}

function within(
  option: string,
  given: number | undefined,
  range: { readonly min: number; readonly max: number; readonly default: number },
): number {
  const value = given ?? range.default
  if (!Number.isInteger(value) || value < range.min || value > range.max) throw new WorkerOptionError(option, range)
  return value
}
