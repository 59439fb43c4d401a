import type { Clock } from '@agentloom/engine/ports'
import type { Fail } from '../failure/errors.ts'

/** Milliseconds, each from 1. */
export interface Deadlines {
  /** Until a socket stands, DNS and TLS included. */
  readonly connectMs: number
  /** From the call to the first piece of a streamed answer. */
  readonly firstTokenMs: number
  /** Between two pieces of a reply that has begun. */
  readonly idleMs: number
  /** From the call to its end. */
  readonly totalMs: number
}

/**
 * Connecting takes well under a second or never succeeds. A reasoning model shows nothing of its reasoning on this wire, and a local
 * one may first load its weights: minutes to the first token are normal, a minute of silence after it is not. Ten minutes in
 * all is what OpenAI's own client waits; steps set shorter limits.
 */
export const DEADLINES: Deadlines = { connectMs: 10_000, firstTokenMs: 300_000, idleMs: 60_000, totalMs: 600_000 }

/** Watches one call: fires `signal` with a `provider/slow` when a deadline passes, or with the caller's reason. */
export interface CallWatch extends Disposable {
  readonly signal: AbortSignal
  /** The answer has begun; from here on silence counts. */
  begun(): void
  /** Bytes have come. */
  touch(): void
}

interface WatchOptions {
  readonly fail: Fail
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly caller: AbortSignal
  /** Whether a first token can be waited for; a reply in one piece has the total deadline alone. */
  readonly isStream: boolean
}

export function watchCall({ fail, clock, deadlines, caller, isStream }: WatchOptions): CallWatch {
  const call = new AbortController()
  const never = (): void => {}
  let lastByteAt = 0
  let isBegun = false
  let stopSilence = never

  const expire = (what: string, ms: number): void =>
    call.abort(fail({ kind: 'slow', reason: `${what} within ${ms / 1_000} s` }))
  const cancel = (): void => call.abort(caller.reason)
  // One timer for all bytes: it looks when the last ones came and sleeps on.
  const watchSilence = (): void => {
    const leftMs = lastByteAt + deadlines.idleMs - clock.monotonic()
    if (leftMs <= 0) expire('the reply stalled: nothing more', deadlines.idleMs)
    else stopSilence = clock.after(leftMs, watchSilence)
  }

  if (caller.aborted) cancel()
  else caller.addEventListener('abort', cancel, { once: true })
  const stopTotal = clock.after(deadlines.totalMs, () => expire('no whole answer', deadlines.totalMs))
  const stopWaiting = isStream
    ? clock.after(deadlines.firstTokenMs, () => expire('no first token', deadlines.firstTokenMs))
    : never

  return {
    signal: call.signal,
    begun() {
      if (isBegun) return
      isBegun = true
      stopWaiting()
      lastByteAt = clock.monotonic()
      watchSilence()
    },
    touch() {
      lastByteAt = clock.monotonic()
    },
    [Symbol.dispose]() {
      caller.removeEventListener('abort', cancel)
      stopWaiting()
      stopSilence()
      stopTotal()
    },
  }
}
