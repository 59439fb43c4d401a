import { fromPlain } from '../value/from-plain.ts'
import type { Value, ValueMap } from '../value/value.ts'

export interface RetrySettings {
  /** 0 to 10,000; default 3. */
  readonly maxRetries?: number
  /** The wait before retry k (from 0) is backoffBase to the power of k, in seconds; default 2. */
  readonly backoffBase?: number
  /** Default 60. */
  readonly backoffMaxSeconds?: number
  /** Up to a quarter more or less; default true. */
  readonly jitter?: boolean
  readonly retryableStatusCodes?: readonly number[]
}

export interface SandboxOptions {
  readonly enabled?: boolean
  readonly allowedCommands?: readonly string[]
  readonly allowedPaths?: readonly string[]
  readonly readablePaths?: readonly string[]
  readonly writablePaths?: readonly string[]
  readonly allowNetwork?: boolean
  readonly allowedDomains?: readonly string[]
  readonly allowedSchemes?: readonly string[]
  readonly maxWriteBytes?: number | null
  readonly dangerOptIn?: readonly string[]
  readonly allowInternalWebhookTargets?: boolean
}

export interface ConcurrencyOptions {
  /** Template over initial state and input, such as `{state.tenant}`; rendered when the run starts. */
  readonly key: string
  /** Steps of all runs of the key at work at once, 1 to 100,000; default: no limit. */
  readonly limit?: number
  /** Share beside other keys, 1 to 1,000; default 1. */
  readonly weight?: number
}

/** `config` of a workflow; what is left out has the format's default. */
export interface ConfigOptions {
  readonly provider?: string
  readonly model?: string
  readonly maxRetries?: number
  readonly budgetUsd?: number | null
  readonly timeoutSeconds?: number | null
  readonly maxConcurrentSteps?: number
  readonly stream?: boolean
  readonly sandbox?: SandboxOptions
  readonly onStepFailure?: 'skip_downstream' | 'continue'
  readonly strictOutputs?: boolean
  readonly responsesFile?: string | null
  readonly latencyModel?: 'constant' | 'normal' | 'replay'
  readonly latencyMs?: number
  readonly strict?: boolean
  /** Prompts are attached to traces. */
  readonly capturePrompts?: boolean
  /** `layers`: every step waits for the whole layer before it, as in the Python engine. */
  readonly scheduling?: 'dataflow' | 'layers'
  /** What a spent budget does: end the run (default), or park it until there is more. */
  readonly onBudget?: 'stop' | 'park'
  /** Pool of workers, for steps that name none. Default `default`. */
  readonly queue?: string
  /** Runs of one key share a limit of steps at work, and take turns with those of other keys. */
  readonly concurrency?: ConcurrencyOptions
  readonly compat?: 'agentloom' | null
}

// Seconds are the format's unit and go without saying there.
const RENAMED: { readonly [key: string]: string } = {
  timeoutSeconds: 'timeout',
  backoffMaxSeconds: 'backoff_max',
  waitSeconds: 'timeout_seconds',
  isolated: 'isolated_state',
}

/** Options → the format's spelling; what is undefined is left out. */
export function asWritten(options: object): ValueMap {
  const written: Record<string, Value> = {}
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue
    const isNested = key === 'sandbox' || key === 'retry' || key === 'concurrency'
    written[RENAMED[key] ?? snakeCase(key)] = isNested ? asWritten(Object(value)) : fromPlain(value)
  }
  return written
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
