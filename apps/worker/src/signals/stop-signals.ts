import { constants } from 'node:os'

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
export type StopSignal = (typeof STOP_SIGNALS)[number]

/** How long a program that has closed everything waits for what modules of users still hold open. */
const EXIT_MAX_MS = 1_000

/** 143 for SIGTERM, 130 for SIGINT, 129 for SIGHUP: what shells report of a process that a signal ended. */
export function exitCodeOf(signal: StopSignal): number {
  return 128 + constants.signals[signal]
}

export interface StopSignals extends Disposable {
  /** Resolves with the first signal that asks this process to stop. A second one ends it at once. */
  readonly requested: Promise<StopSignal>
}

/** Listens for SIGTERM, SIGINT and SIGHUP until disposed of. */
export function listenForStop(): StopSignals {
  const { promise: requested, resolve } = Promise.withResolvers<StopSignal>()
  let isRequested = false
  const listen = (signal: StopSignal): void => {
    if (isRequested) process.exit(exitCodeOf(signal))
    isRequested = true
    resolve(signal)
  }
  for (const signal of STOP_SIGNALS) process.on(signal, listen)
  return {
    requested,
    [Symbol.dispose]: () => {
      for (const signal of STOP_SIGNALS) process.off(signal, listen)
    },
  }
}

/** Sets the exit code, and ends the process even if a module of a user left a timer or a socket open. */
export function exitSoon(code: number): void {
  process.exitCode = code
  setTimeout(() => process.exit(code), EXIT_MAX_MS).unref()
}
