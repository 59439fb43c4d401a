import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'

setFlagsFromString('--allow-natives-syntax')
const drain: unknown = runInThisContext('() => %PerformMicrotaskCheckpoint()')

/**
 * Runs every promise reaction that is ready, and those that these make ready, before it returns; it must not be called out of
 * one. The simulator's events are so done with when the next begins, at a fifth of what a turn of the event loop takes.
 */
export const drainMicrotasks: () => void = isFunction(drain) ? drain : () => undefined

function isFunction(value: unknown): value is () => void {
  return typeof value === 'function'
}
