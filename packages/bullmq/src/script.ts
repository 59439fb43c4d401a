import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Command, type Redis } from 'ioredis'
import { redisError } from './connect/redis-error.ts'

/**
 * Lua scripts: one file one command in `lua/`, shared parts in `lua/lib/` by `-- @include name`. Sent by hash; a server
 * that does not know it (a restart, SCRIPT FLUSH) is sent the text, with the same arguments and hence the same nonce.
 */
export type ScriptName =
  | 'start'
  | 'claim'
  | 'settle'
  | 'skip'
  | 'spread'
  | 'release'
  | 'heartbeat'
  | 'cancel'
  | 'pause'
  | 'reopen'
  | 'overdue'
  | 'oblige'
  | 'watch'
  | 'lease'
  | 'compacted'

export interface ScriptCall {
  readonly name: ScriptName
  readonly keys: readonly string[]
  readonly args: readonly (string | number)[]
}

interface Source {
  readonly text: string
  readonly sha: string
}

const INCLUDE = /^-- @include ([a-z-]+)$/gm

export class Scripts {
  readonly #redis: Redis
  readonly #sources = new Map<ScriptName, Source>()
  readonly #clock: string | null

  /** @param clock Lua that replaces `lua/lib/time.lua`: tests move time through a key of theirs */
  constructor(redis: Redis, clock: string | null = null) {
    this.#redis = redis
    this.#clock = clock
  }

  /** The raw reply, which the caller parses. @throws what `redisError` makes of Redis' answer */
  async call({ name, keys, args }: ScriptCall): Promise<unknown> {
    const source = this.#source(name)
    try {
      return await this.#send('evalsha', source.sha, keys, args)
    } catch (error) {
      if (!isUnknownScript(error)) throw redisError(error)
    }
    try {
      return await this.#send('eval', source.text, keys, args)
    } catch (error) {
      throw redisError(error)
    }
  }

  #send(
    command: 'evalsha' | 'eval',
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const sent = new Command(command, [script, keys.length, ...keys, ...args], { replyEncoding: 'utf8' })
    void this.#redis.sendCommand(sent)
    return sent.promise
  }

  #source(name: ScriptName): Source {
    const found = this.#sources.get(name)
    if (found !== undefined) return found
    const text = read(`${name}.lua`).replace(INCLUDE, (_, part: string) =>
      part === 'time' && this.#clock !== null ? this.#clock : read(`lib/${part}.lua`),
    )
    const source = { text, sha: createHash('sha1').update(text).digest('hex') }
    this.#sources.set(name, source)
    return source
  }
}

function read(path: string): string {
  return readFileSync(new URL(`../lua/${path}`, import.meta.url), 'utf8')
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}
