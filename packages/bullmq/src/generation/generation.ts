import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Whether the data of a shard is what this process has seen of it.
 *
 * A key holds the *generation*: a random name, and the run id of the server process whose data it is. Every guarded script
 * compares it before it does anything; a script that a server does not know (a restart or a failover empties its cache) makes
 * us look at the server's run id. The key is gone: the data was deleted. Another run id: the data may be an older prefix.
 * Either way the first to notice shuts the gate, no command passes, workers tell the journal what their spools know, and the
 * last of them opens the gate under a new generation. Commands wait meanwhile and are sent again with the same nonces.
 */
export interface GenerationParts {
  /** Looks, or replaces the value where it still is `found`. */
  readonly gate: (found: string, successor: string) => Promise<Seen>
  /** Of a worker: tells the journal what its spool knows, until the gate may be opened. */
  readonly recover: ((lost: Lost) => Promise<void>) | null
  /** The spool knows of runs: where the journal has no generation, it must have lost it. */
  readonly hasMemory: () => Promise<boolean>
}

export interface Seen {
  readonly value: string | null
  readonly server: string
  readonly nowMs: number
}

export interface Lost {
  /** Names the loss: the same for all who noticed it. */
  readonly quarantine: string
  /** By the store's clock. */
  readonly sinceMs: number
  /** False: others have opened the gate already, and runs are at work. */
  readonly isShut: boolean
}

/** Those who have no spool wait so long for those who have one. */
const WITHOUT_WORKERS_MS = 15_000
const LOOK_MS = 50

export class Generation {
  readonly #parts: GenerationParts
  #value: string | null = null
  #verifying: Promise<void> | null = null
  /** How often the connection was lost: what was answered over a gap may come from other data. */
  gaps = 0

  constructor(parts: GenerationParts) {
    this.#parts = parts
  }

  /** What guarded scripts compare; null before the first look. */
  get value(): string | null {
    return this.#value
  }

  /** When the generation began, by the store's clock: what was known before may be lost. */
  get sinceMs(): number {
    return Number(this.#value?.split(':')[3] ?? 0)
  }

  /** Returns once the gate is open and this process knows the generation. One look for all who ask at once. */
  verify(): Promise<void> {
    this.#verifying ??= this.#look().finally(() => {
      this.#verifying = null
    })
    return this.#verifying
  }

  async #look(): Promise<void> {
    const { gate, recover, hasMemory } = this.#parts
    for (;;) {
      const seen = await gate('', '')
      const { value, server, nowMs } = seen
      if (value === null) {
        const isLoss = this.#value !== null || (await hasMemory())
        await gate('', isLoss ? shut(server, nowMs) : opened(server, nowMs))
        continue
      }
      const [state, of, , sinceMs] = value.split(':')
      if (state === SHUT) {
        const lost = { quarantine: value, sinceMs: Number(sinceMs), isShut: true }
        if (recover !== null) await recover(lost)
        else if (nowMs - lost.sinceMs > WITHOUT_WORKERS_MS) await gate(value, opened(server, nowMs))
        else await sleep(LOOK_MS)
        continue
      }
      if (of !== server) {
        await gate(value, shut(server, nowMs))
        continue
      }
      if (this.#value !== null && this.#value !== value && this.#recovered !== value && recover !== null)
        await recover({ quarantine: value, sinceMs: nowMs, isShut: false })
      this.#value = value
      return
    }
  }

  /** Opens the gate, where nobody has. */
  async open(quarantine: string): Promise<void> {
    const { server, nowMs } = await this.#parts.gate('', '')
    const successor = opened(server, nowMs)
    const { value } = await this.#parts.gate(quarantine, successor)
    this.#recovered = value
  }

  /** The generation that this process has helped to bring about. */
  #recovered: string | null = null
}

const OPEN = 'o'
const SHUT = 'q'

function opened(server: string, nowMs: number): string {
  return named(OPEN, server, nowMs)
}

function shut(server: string, nowMs: number): string {
  return named(SHUT, server, nowMs)
}

function named(state: string, server: string, nowMs: number): string {
  return [state, server, randomBytes(6).toString('hex'), nowMs].join(':')
}
