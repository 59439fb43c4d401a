import { z } from 'zod'
import type { RedisLink } from '../connect/link.ts'
import type { Keys } from '../keys.ts'
import { Scripts } from '../script.ts'
import { Generation, type Lost, type Seen } from './generation.ts'

export interface GuardOptions {
  readonly redis: RedisLink
  readonly shards: readonly Keys[]
  /** See `GenerationParts`. */
  readonly recover: ((keys: Keys, lost: Lost) => Promise<void>) | null
  readonly hasMemory: (keys: Keys) => Promise<boolean>
}

const reply = z.tuple([z.string().nullable(), z.string(), z.coerce.number()])

/** The generations of all shards, in their order. */
export function guardShards({ redis, shards, recover, hasMemory }: GuardOptions): readonly Generation[] {
  const scripts = new Scripts(redis)
  const generations = shards.map((keys) => {
    const gate = async (found: string, successor: string): Promise<Seen> => {
      const [value, server, nowMs] = reply.parse(
        await scripts.call({ name: 'generation', keys: [keys.generation], args: [found, successor] }),
      )
      return { value, server, nowMs }
    }
    return new Generation({
      gate,
      recover: recover === null ? null : (lost) => recover(keys, lost),
      hasMemory: () => hasMemory(keys),
    })
  })
  redis.on('close', () => {
    for (const generation of generations) generation.gaps += 1
  })
  return generations
}
