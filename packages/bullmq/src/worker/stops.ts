import type { Claims } from '@agentloom/engine'
import { duplicate, type RedisLink } from '../connect/link.ts'

export interface StopsParts {
  readonly redis: RedisLink
  /** They tell the run that was cancelled, timed out, went over its budget, or was removed. */
  readonly channels: readonly string[]
  readonly claims: Claims
  readonly onRemoved: (runId: string) => void
  readonly onError: (error: unknown) => void
}

/**
 * Steps in flight of a run that was stopped are given up at once. The message only makes the worker ask the journal: by then a cleanup
 * step may hold a claim of the same run. What a message misses the next beat finds.
 * @returns ends the listening
 */
export async function listenForStops({ redis, channels, claims, onRemoved, onError }: StopsParts): Promise<() => void> {
  const subscriber = duplicate(redis)
  subscriber.on('error', () => undefined) // the main connection reports what is wrong
  subscriber.on('message', (_channel: string, message: string) => {
    const [runId = '', what] = message.split(' ')
    if (what === 'removed') onRemoved(runId)
    void claims.beat(runId).catch(onError)
  })
  await subscriber.subscribe(...channels)
  return () => subscriber.disconnect()
}
