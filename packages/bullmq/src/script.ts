import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Command } from 'ioredis'
import type { RedisLink } from './connect/link.ts'
import { redisError } from './connect/redis-error.ts'
import type { Generation } from './generation/generation.ts'

/**
 * Lua scripts of `lua/`. `-- @include FILE` puts a shared part in, `-- @command NAME` one of `lua/commands/` as a function.
 * Sent by hash; a server that does not know it (a restart, SCRIPT FLUSH) is sent the text, with the same arguments and
 * hence the same nonces, once it is known that its data is the same: see generation/generation.ts.
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
  | 'generation'
  | 'leases'
  | 'turns'
  | 'replayed'

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
  readonly #generation: Generation | null

  /**
   * @param clock Lua that replaces `lua/lib/time.lua`: tests move time through a key of theirs
   * @param generation of the data that scripts with a first argument `generation/…` are for; null: whatever is there
   */
  constructor(redis: RedisLink, clock: string | null = null, generation: Generation | null = null) {
    this.#redis = redis
    this.#clock = clock
    this.#generation = generation
  }

  /** The raw reply, which the caller parses. @throws what `redisError` makes of Redis' answer */
  async call(call: ScriptCall): Promise<unknown> {
    try {
      if (!GUARDED.has(call.name)) return await this.#evaluated(call)
      return this.#generation === null ? await this.#evaluated(withGeneration(call, ANY)) : await this.#guarded(call)
    } catch (error) {
      throw redisError(error)
    }
  }

  /** Sends the call until it has been answered by the data that it is for. */
  async #guarded(call: ScriptCall): Promise<unknown> {
    const generation = this.#generation
    if (generation === null) throw new Error('no generation')
    if (generation.value === null) await generation.verify()
    for (;;) {
      const { gaps, value } = generation
      const looked = async (): Promise<void> => generation.verify()
      const reply = await this.#evaluated(withGeneration(call, value ?? ''), looked).catch(whereGone)
      if (reply !== GONE && generation.gaps === gaps) return reply
      await generation.verify()
      if (reply !== GONE && generation.value === value) return reply
    }
  }

  /** @param isUnknown told before a server that does not know the script is sent its text */
  async #evaluated(
    { name, keys, args }: ScriptCall,
    isUnknown = async (): Promise<void> => undefined,
  ): Promise<unknown> {
    const source = this.#source(name)
    try {
      return await this.#send('evalsha', source.sha, keys, args)
    } catch (error) {
      if (!isUnknownScript(error)) throw error
    }
    await isUnknown()
    return this.#send('eval', source.text, keys, args)
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

/** Those that write runs: their first argument begins with a generation and a slash. */
const GUARDED: ReadonlySet<ScriptName> = new Set(['turn', 'plain', 'begin-runs'])

const ANY = '*'

function withGeneration(call: ScriptCall, generation: string): ScriptCall {
  return { ...call, args: call.args.with(0, `${generation}/${call.args[0]}`) }
}

const GONE = Symbol('another generation')

function whereGone(error: unknown): typeof GONE {
  if (error instanceof Error && error.message.includes('GENERATION')) return GONE
  throw error
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}
