import { redisErrorOf } from '../connect/redis-error.ts'
import type { RunKeys } from '../keys.ts'
import type { ScriptArguments, Scripts } from '../script.ts'
import { listIn } from './reply.ts'

/**
 * Collects the commands of one turn of the event loop and sends them in one script call: sending, parsing and setting up
 * a script cost more than what it does. A command that is alone waits for nobody.
 */
export type CommandName =
  | 'start'
  | 'claim'
  | 'settle'
  | 'skip'
  | 'spread'
  | 'release'
  | 'cancel'
  | 'pause'
  | 'reopen'
  | 'oblige'
  | 'append'
  | 'wake'
  | 'signal'
  | 'mirror'
  | 'recount'
  | 'restore'
  | 'erase'
  | 'leave'
  | 'take'
  | 'go-on'
  | 'finish'

export interface TurnParts {
  readonly scripts: Scripts
  readonly script: 'turn' | 'plain' | 'begin-runs'
  /** The keys that all commands share: `due` and the root of the shard. */
  readonly keys: readonly [due: string, root: string]
  /** The arguments that all commands share: see `lua/lib/turn.lua`. */
  readonly args: readonly [offerMs: number, retentionMs: number]
}

interface Waiting {
  readonly resolve: (reply: readonly unknown[]) => void
  readonly reject: (error: unknown) => void
}

interface Call {
  readonly keys: string[]
  readonly args: (string | number)[]
  readonly waiting: Waiting[]
  characters: number
}

/** A command takes Redis some 20 µs, and no script should hold it for more than a millisecond. */
const COMMANDS_MAX = 32
/** Large outputs travel alone, so that nobody waits for them. */
const CHARACTERS_MAX = 256 * 1_024

export class Turn {
  readonly #parts: TurnParts
  #call: Call | null = null

  constructor(parts: TurnParts) {
    this.#parts = parts
  }

  /**
   * @throws what `redisErrorOf` makes of an error in this command, or of the whole call
   */
  send(name: CommandName, run: RunKeys, args: ScriptArguments): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      const call = (this.#call ??= this.#open())
      call.keys.push(...run)
      call.args.push(name, args.length)
      for (const arg of args) {
        call.args.push(arg)
        if (typeof arg === 'string') call.characters += arg.length
      }
      call.waiting.push({ resolve, reject })
      if (call.waiting.length === COMMANDS_MAX || call.characters > CHARACTERS_MAX) this.#flush(call)
    })
  }

  #open(): Call {
    const { keys, args } = this.#parts
    const call: Call = { keys: [...keys], args: [...args], waiting: [], characters: 0 }
    process.nextTick(() => this.#flush(call))
    return call
  }

  #flush(call: Call): void {
    if (this.#call !== call) return // it was full, and has gone already
    this.#call = null
    void this.#play(call)
  }

  async #play({ keys, args, waiting }: Call): Promise<void> {
    try {
      const { scripts, script: name } = this.#parts
      const replies = listIn(await scripts.call({ name, keys, args }))
      if (replies.length !== waiting.length)
        throw new Error(`${waiting.length} commands were given ${replies.length} replies`)
      for (const [at, { resolve, reject }] of waiting.entries()) {
        const reply = listIn(replies[at])
        if (reply[0] === -1) reject(redisErrorOf(String(reply[1])))
        else resolve(reply)
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }
}
