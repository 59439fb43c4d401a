import { AgentloomError } from '@agentloom/workflow'
import type { Held } from './held.ts'

/**
 * Store or queue as a step has it. When they can't be reached the step is given up, and whoever takes it next begins where it
 * was: neither is a failure of the step's own. What they refuse for good is.
 */
export function onBehalfOf<Target extends object>(held: Held, target: Target): Target {
  return new Proxy(target, {
    get(_target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...args: readonly unknown[]): Promise<unknown> => {
        try {
          return await Reflect.apply(member, target, args)
        } catch (error) {
          const isRefusal = error instanceof AgentloomError && !error.retryable
          if (!isRefusal) held.giveUp(error instanceof Error ? error : new Error(String(error)))
          throw error
        }
      }
    },
  })
}
