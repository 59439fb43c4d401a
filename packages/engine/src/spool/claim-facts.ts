import { CLEANUP_STEP } from '@agentloom/workflow'
import type { SpooledClaim, SpooledFact } from '../ports/spool.ts'

/** All that spools know of one claim. */
export interface ClaimFacts {
  readonly claim: SpooledClaim
  notes: Extract<SpooledFact, { kind: 'noted' }>[]
  settled: Extract<SpooledFact, { kind: 'settled' }> | null
  /** Of its last fact, by the worker's clock. */
  lastAtMs: number
}

/**
 * Facts by claim, in the order in which the claims came to their ends by the workers' clocks, and those of one step by their
 * epochs: nearly always an order in which they can be played.
 */
export function claimsOf(facts: readonly SpooledFact[]): readonly ClaimFacts[] {
  const found = new Map<string, ClaimFacts>()
  for (const fact of facts) {
    if (fact.kind === 'ended') continue
    const { claim, atMs } = fact
    const key = `${claim.stepId}/${claim.epoch}/${claim.nonce}`
    let known = found.get(key)
    if (known === undefined) {
      known = { claim, notes: [], settled: null, lastAtMs: atMs }
      found.set(key, known)
    }
    if (fact.kind === 'noted') known.notes.push(fact)
    else if (fact.kind === 'settled') known.settled = fact
    else if (fact.note === undefined) known.settled = null
    else known.notes = known.notes.filter(({ note }) => note.text !== fact.note?.text)
    known.lastAtMs = Math.max(known.lastAtMs, atMs)
  }
  const byTime = [...found.values()].toSorted((a, b) => a.lastAtMs - b.lastAtMs)
  const bySteps = Map.groupBy(byTime, ({ claim }) => claim.stepId)
  for (const claims of bySteps.values()) dropRefuted(claims.sort((a, b) => b.claim.epoch - a.claim.epoch))
  return byTime.map((claim) => bySteps.get(claim.claim.stepId)?.pop() ?? claim)
}

/** A settlement that would have resolved the step was not taken where the step was claimed again. @param claims the last first */
function dropRefuted(claims: readonly ClaimFacts[]): void {
  for (const [index, facts] of claims.entries()) {
    const { claim, settled } = facts
    const later = claims.slice(0, index)
    const isInVisit = (other: ClaimFacts): boolean => other.claim.visit === claim.visit
    // A result that has been paid is worth more than a claim that came to nothing.
    const isRefuted =
      settled?.settlement.kind === 'success'
        ? later.some((other) => (isInVisit(other) ? resolves(other) : claim.stepId !== CLEANUP_STEP))
        : resolves(facts) && later.some(isInVisit)
    if (isRefuted) facts.settled = null
  }
}

/** Whether it came to an end of the step's visit. */
export function resolves({ settled }: ClaimFacts): boolean {
  return settled !== null && settled.settlement.kind !== 'retry' && settled.settlement.kind !== 'wait'
}
