import type { Plan, PlanNode } from '@agentloom/workflow'
import { NO_USAGE } from '../journal/record.ts'
import type { Offer, Wait } from '../ports/journal.ts'
import { decide } from '../schedule/verdicts.ts'
import { originOf } from './step-origin.ts'
import type { WalkerParts } from './walker.ts'

type ParkParts = Pick<WalkerParts, 'journal' | 'claims' | 'follower' | 'worker' | 'nonce' | 'executors'>

export interface Parking {
  readonly offer: Offer
  readonly node: PlanNode
  readonly plan: Plan
  readonly wait: Extract<Wait, { readonly kind: 'parked' }>
}

/** Lets an offered step wait that this process can't execute: no attempt, no slot. False where the step is not to be had. */
export async function parkOffered(parts: ParkParts, { offer, node, plan, wait }: Parking): Promise<boolean> {
  const { journal, claims, follower, worker, nonce, executors } = parts
  const command = { offer, nonce: nonce(), worker, leaseMs: claims.leaseMs, reads: [], acceptsSuspect: true }
  let reply = await journal.claim({ ...command, isDecided: false })
  if (reply.outcome === 'undecided' && decide(plan, reply.step.verdicts, node.step.join).run)
    reply = await journal.claim({ ...command, isDecided: true })
  if (reply.outcome !== 'claimed') return false
  const settlement = { kind: 'wait', wait, usage: NO_USAGE } as const
  const settled = await journal.settle({ claim: reply.claim, rank: node.index, settlement, edges: [], next: null })
  if (settled.outcome === 'stale') return false
  const { runId, stepId } = offer
  executors.observe({ kind: 'step-waiting', runId, stepId, origin: originOf(plan, node), wait })
  await follower.follow({ plan, priority: reply.header.priority }, runId, settled)
  return true
}
