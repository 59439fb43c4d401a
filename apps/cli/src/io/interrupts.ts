export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** Exit codes of processes that were told to go: 128 and the signal's number. */
export const SIGNAL_CODES: { readonly [signal in Signal]: number } = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** How the user, or the system, asks a command to come to its end. */
export interface Interrupts {
  /**
   * While somebody listens, the first signal is handed over instead of ending the process; the second ends it at once.
   * Returns how to stop listening.
   */
  listen(onSignal: (signal: Signal) => void): () => void
}

/** Ends the process in the middle of anything: what must last is on disk before anybody hears of it. */
type ExitNow = (code: number) => void

export function processInterrupts(source: NodeJS.Process, exitNow: ExitNow): Interrupts {
  const signals = Object.keys(SIGNAL_CODES) as Signal[]
  return {
    listen(onSignal) {
      let isAsked = false
      const handlers = signals.map((signal) => {
        const handler = (): void => {
          if (isAsked) return exitNow(SIGNAL_CODES[signal])
          isAsked = true
          onSignal(signal)
        }
        source.on(signal, handler)
        return { signal, handler }
      })
      return () => {
        for (const { signal, handler } of handlers) source.off(signal, handler)
      }
    },
  }
}
