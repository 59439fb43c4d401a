import type { Claim, Journal } from '../ports/journal.ts'
import { Held, type AbortReason } from './held.ts'
import { Places } from './places.ts'

/** The steps that a process holds, and the one beat that prolongs all their leases. */
export class Claims {
  /** For the one step at a time that the next death of this process would quarantine. */
  readonly suspects = new Places(1)
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

  /** Prolongs every lease, or those of one run, in one round trip; steps that the journal wants given up are aborted. */
  async beat(runId: string | null = null): Promise<void> {
    const held = [...this.#held.values()].filter(({ claim }) => runId === null || claim.runId === runId)
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
