import type { Value } from './value.ts'

export interface ResultLimits {
  /** Of the JSON text, in UTF-8 bytes. */
  readonly bytesMax: number
  /** Levels of lists and mappings. */
  readonly depthMax: number
}

export const RESULT_LIMITS: ResultLimits = { bytesMax: 10 * 1024 * 1024, depthMax: 200 }

export function fromPlain(plain: unknown, limits: ResultLimits = RESULT_LIMITS): Value {
  throw new Error(`being written: ${typeof plain} ${limits.depthMax}`)
}
