import type { Claim, Journal } from '../ports/journal.ts'
import { Held, type AbortReason } from './held.ts'

/** The steps that a process holds, and the one beat that prolongs all their leases. */
export class Claims {
  readonly #held = new Map<string, Held>()
  readonly #journal: Journal
  readonly leaseMs: number

  constructor(journal: Journal, leaseMs: number) {
    this.#journal = journal
    this.leaseMs = leaseMs
  }

  hold(claim: Claim): Held {
    const held = new Held(claim)
    this.#held.set(claim.nonce, held)
    return held
  }

  letGo(held: Held): void {
    this.#held.delete(held.claim.nonce)
  }

  get size(): number {
    return this.#held.size
  }

  /** Prolongs every lease in one round trip; steps that the journal wants given up are aborted. */
  async beat(): Promise<void> {
    const held = [...this.#held.values()]
    if (held.length === 0) return
    const wishes = await this.#journal.heartbeat(
      held.map(({ claim }) => claim),
      this.leaseMs,
    )
    for (const [index, wish] of wishes.entries()) {
      const isLeftAlone = wish === 'continue' || wish === 'pause' // what is in flight may still commit
      if (!isLeftAlone) held[index]?.abort(wish)
    }
  }

  /** Gives up what is in flight, of one run and its child runs, or of all. */
  abort(reason: AbortReason, runId: string | null = null): void {
    for (const held of this.#held.values()) {
      const { runId: holder } = held.claim
      if (runId === null || holder === runId || holder.startsWith(`${runId}.`)) held.abort(reason)
    }
  }
}
