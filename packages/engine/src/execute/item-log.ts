import { NO_USAGE } from '../journal/record.ts'
import type { SpentUsage } from './attempt.ts'
import type { ItemEnd } from './notes.ts'

type Write = (items: readonly ItemEnd[], usage: SpentUsage | null) => Promise<void>

/** Writes the ends of items: one note at a time, each with all that ended while the one before was being written. */
export class ItemLog {
  readonly #write: Write
  #items: ItemEnd[] = []
  #usage: SpentUsage = NO_USAGE
  #next: Promise<void> | null = null
  #current: Promise<void> = Promise.resolve()

  constructor(write: Write) {
    this.#write = write
  }

  /** Resolves when it is written. */
  add(item: ItemEnd, usage: SpentUsage): Promise<void> {
    this.#items.push(item)
    this.#usage = sum(this.#usage, usage)
    this.#next ??= this.#flushAfter(this.#current)
    return this.#next
  }

  async #flushAfter(current: Promise<void>): Promise<void> {
    await current.catch(() => undefined)
    const items = this.#items
    const usage = this.#usage
    this.#items = []
    this.#usage = NO_USAGE
    this.#next = null
    this.#current = this.#write(items, hasUsage(usage) ? usage : null)
    await this.#current
  }
}

function sum(left: SpentUsage, right: SpentUsage): SpentUsage {
  return {
    tokens: left.tokens + right.tokens,
    costNanoUsd: left.costNanoUsd + right.costNanoUsd,
    model: right.model ?? left.model,
    provider: right.provider ?? left.provider,
  }
}

function hasUsage({ tokens, costNanoUsd, model }: SpentUsage): boolean {
  return tokens > 0 || costNanoUsd > 0 || model !== null
}
