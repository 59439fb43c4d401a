import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Command } from 'ioredis'
import type { RedisLink } from './connect/link.ts'
import { redisError } from './connect/redis-error.ts'

/**
 * Lua scripts of `lua/`. `-- @include FILE` puts a shared part in, `-- @command NAME` one of `lua/commands/` as a function.
 * Sent by hash; a server that does not know it (a restart, SCRIPT FLUSH) is sent the text, with the same arguments and
 * hence the same nonces.
 */
export type ScriptName =
  | 'turn'
  | 'plain'
  | 'begin-runs'
  | 'load'
  | 'notes'
  | 'heartbeat'
  | 'overdue'
  | 'watch'
  | 'lease'
  | 'compacted'
  | 'put-blobs'
  | 'idle-blobs'
  | 'beat'
  | 'silent'
  | 'gate'
  | 'leases'

export type ScriptArguments = readonly (string | number)[]

export interface ScriptCall {
  readonly name: ScriptName
  readonly keys: readonly string[]
  readonly args: ScriptArguments
}

interface Source {
  readonly text: string
  readonly sha: string
}

const CLOCK = 'lib/time'

export class Scripts {
  readonly #redis: RedisLink
  readonly #sources = new Map<ScriptName, Source>()
  readonly #clock: string | null

  /** @param clock Lua that replaces `lua/lib/time.lua`: tests move time through a key of theirs */
  constructor(redis: RedisLink, clock: string | null = null) {
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

  #send(command: 'evalsha' | 'eval', script: string, keys: readonly string[], args: ScriptArguments): Promise<unknown> {
    const sent = new Command(command, [script, keys.length, ...keys, ...args], { replyEncoding: 'utf8' })
    void this.#redis.sendCommand(sent)
    return sent.promise
  }

  #source(name: ScriptName): Source {
    const found = this.#sources.get(name)
    if (found !== undefined) return found
    const text = read(name)
      .replace(/^-- @include ([a-z/-]+)$/gm, (_, part: string) =>
        part === CLOCK && this.#clock !== null ? this.#clock : read(part),
      )
      .replace(
        /^-- @command ([a-z]+)$/gm,
        (_, command: string) => `COMMANDS.${command} = function(A)\n${read(`commands/${command}`)}end`,
      )
    const source = { text, sha: createHash('sha1').update(text).digest('hex') }
    this.#sources.set(name, source)
    return source
  }
}

function read(name: string): string {
  return readFileSync(new URL(`../lua/${name}.lua`, import.meta.url), 'utf8')
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}
