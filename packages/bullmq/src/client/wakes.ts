import { duplicate, type RedisLink } from '../connect/link.ts'

/** Messages are lost while a subscription is made again; whoever waits looks for himself now and then. */
const LOOK_MS = 30_000

/** Wakes whoever waits for something to happen to a run, by messages that may be lost: the woken look for themselves. */
export class Wakes {
  readonly #redis: RedisLink
  readonly #channels: readonly string[]
  readonly #waiting = new Map<string, Set<() => void>>()
  #subscriber: RedisLink | null = null
  #subscribed: Promise<void> | null = null
  #looking: NodeJS.Timeout | undefined

  /** @param channels `ends` and `pokes` of all shards */
  constructor(redis: RedisLink, channels: readonly string[]) {
    this.#redis = redis
    this.#channels = channels
  }

  /** Calls `wake` whenever the run got records, ended, or messages may have been lost. Resolves when it listens. */
  async listen(runId: string, wake: () => void): Promise<() => void> {
    const wakes = this.#waiting.get(runId) ?? new Set()
    this.#waiting.set(runId, wakes.add(wake))
    const stop = (): void => {
      wakes.delete(wake)
      if (wakes.size === 0) this.#waiting.delete(runId)
    }
    try {
      await (this.#subscribed ??= this.#subscribe())
    } catch (error) {
      this.#subscribed = null
      this.#subscriber?.disconnect()
      stop()
      throw error
    }
    return stop
  }

  close(): void {
    clearInterval(this.#looking)
    this.#subscriber?.disconnect()
    this.#wakeAll()
  }

  async #subscribe(): Promise<void> {
    const subscriber = duplicate(this.#redis)
    this.#subscriber = subscriber
    subscriber.on('error', () => undefined) // the main connection reports what is wrong
    subscriber.on('message', (_channel: string, message: string) => this.#wake(message.split(' ', 1)[0] ?? ''))
    await subscriber.subscribe(...this.#channels)
    subscriber.on('ready', () => this.#wakeAll()) // connected again: nobody knows what was missed
    clearInterval(this.#looking)
    this.#looking = setInterval(() => this.#wakeAll(), LOOK_MS).unref()
  }

  #wake(runId: string): void {
    const wakes = this.#waiting.get(runId)
    if (wakes !== undefined) for (const wake of wakes) wake()
  }

  #wakeAll(): void {
    for (const wakes of this.#waiting.values()) for (const wake of wakes) wake()
  }
}
