import type { ClientOptions } from '@agentloom/bullmq/client'
import { resolve } from 'node:path'
import type { Io } from '../io/io.ts'
import type { Settings } from '../settings.ts'

/** Where runs live for this call: in a Redis, or in a folder. */
export type Place =
  | {
      readonly kind: 'redis'
      readonly url: string
      readonly prefix: string
      readonly shards: number | undefined
      readonly starts: Pick<ClientOptions, 'backlogMax' | 'memoryMark' | 'durability'>
      readonly redact: readonly string[]
      readonly blobs: string
      readonly retentionMs: number | undefined
      /** Where checkpoints lie on this machine. */
      readonly home: string
      /** For what the blob store needs. */
      readonly env: Io['env']
    }
  | { readonly kind: 'embedded'; readonly home: string; /** As the user knows it. */ readonly shown: string }

export function placeOf(redis: string | undefined, settings: Settings, io: Io): Place {
  const url = redis ?? settings.AGENTLOOM_REDIS_URL ?? settings.REDIS_URL
  const { AGENTLOOM_PREFIX: prefix, AGENTLOOM_SHARDS: shards, AGENTLOOM_REDACT_STATE_KEYS: redact = [] } = settings
  if (url !== undefined) {
    const { AGENTLOOM_BLOBS: blobs, AGENTLOOM_RETENTION: retentionMs } = settings
    const { home } = embeddedPlace(settings, io)
    return {
      kind: 'redis',
      url,
      prefix,
      shards,
      starts: startsOf(settings),
      redact,
      blobs,
      retentionMs,
      home,
      env: io.env,
    }
  }
  return embeddedPlace(settings, io)
}

function startsOf({
  AGENTLOOM_BACKLOG: backlogMax,
  AGENTLOOM_MEMORY_MARK: percent,
  AGENTLOOM_DURABILITY: durability,
}: Settings): Pick<ClientOptions, 'backlogMax' | 'memoryMark' | 'durability'> {
  return { backlogMax, memoryMark: percent === undefined ? undefined : percent / 100, durability }
}

export function embeddedPlace(settings: Settings, io: Io): Place & { readonly kind: 'embedded' } {
  const shown = settings.AGENTLOOM_HOME
  return { kind: 'embedded', home: resolve(io.cwd(), shown), shown: shown.endsWith('/') ? shown : `${shown}/` }
}
