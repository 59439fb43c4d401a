import { DEATHS_MAX, DEFAULT_POOL } from '@agentloom/engine'
import { AgentloomError, isQueueName } from '@agentloom/workflow'
import type { Keys } from '../keys.ts'
import { ShardCountError } from '../shards/errors.ts'
import type { WorkerOptions } from './runtime.ts'

const CONCURRENCY = { min: 1, max: 10_000, default: 64 }
/** Takeover within 5 s, a tick of the sweeper included. */
const LEASE_MS = { min: 1_000, max: 600_000, default: 4_000 }
/** Each costs a worker a connection. */
const POOLS_MAX = 64
/** A step that one death sets aside has no second chance on a worker that was merely restarted. */
const DEATHS = { min: 1, max: 1_000, default: DEATHS_MAX }
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
export function checkWorkerOptions({
  concurrency,
  leaseMs,
  stepsMax,
  deathsMax,
  pools = [DEFAULT_POOL],
}: WorkerOptions): {
  readonly concurrency: number
  readonly leaseMs: number
  readonly stepsMax: number
  readonly deathsMax: number
  readonly pools: readonly string[]
} {
  return {
    concurrency: within('concurrency', concurrency, CONCURRENCY),
    leaseMs: within('leaseMs', leaseMs, LEASE_MS),
    stepsMax: within('stepsMax', stepsMax, STEPS),
    deathsMax: within('deathsMax', deathsMax, DEATHS),
    pools: checkedPools(pools),
  }
}

/** @throws {ShardCountError} there is no such shard */
export function servedShards(
  shards: readonly Keys[],
  only: readonly number[] | undefined,
  giveUp: () => void,
): readonly Keys[] {
  if (only === undefined) return shards
  const strange = only.find((shard) => shards[shard] === undefined)
  if (strange !== undefined || only.length === 0) {
    giveUp()
    throw new ShardCountError(
      strange === undefined ? 'no shard is named' : `there is no shard ${strange}`,
      `name one or several of 0 to ${shards.length - 1}, or leave it out to serve all`,
    )
  }
  return shards.filter(({ shard }) => only.includes(shard))
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
