import type { RunStatus } from '@agentloom/engine'
import { SIGNAL_CODES, type Signal } from '../io/interrupts.ts'

/** How a command ended. */
export interface Ending {
  readonly code: number
  /** What to do where the result could not be written to stdout. */
  readonly unwrittenHelp?: string
}

/** A gate, or somebody's `pause`, is no failure; Ctrl-C is told by its own code. */
export function exitCodeOf(status: RunStatus, signal: Signal | null): number {
  if (status === 'success') return 0
  if (status === 'paused') return signal === null ? 0 : SIGNAL_CODES[signal]
  return status === 'parked' ? 0 : 1
}
