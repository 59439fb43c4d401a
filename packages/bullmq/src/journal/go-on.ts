import { isClean, type SettleReply, type SettleStep } from '@agentloom/engine'
import { tails } from './record-codec.ts'
import { readNext } from './replies.ts'
import type { Store } from './store.ts'

/** Runs remembered to need the long way; forgetting one costs a call more a step. */
const LONG_WAY_MAX = 10_000

/** The short way of `lua/go-on.lua`, or null where `settle` must decide. */
export async function goOn(store: Store, { claim, settlement, edges, next }: SettleStep): Promise<SettleReply | null> {
  const { runId, stepId, epoch, nonce } = claim
  const [edge] = edges
  const [candidate] = next?.candidates ?? []
  if (
    settlement.kind !== 'success' ||
    edge === undefined ||
    edges.length !== 1 ||
    next === null ||
    next.candidates.length !== 1
  )
    return null
  const { to, inDegree, verdicts } = edge
  const isShort = candidate?.stepId === to.stepId && inDegree === 1 && isClean(verdicts) && verdicts.voted === null
  if (!isShort || settlement.usage.costNanoUsd !== 0 || store.longWay.has(runId)) return null
  const args = [
    runId,
    stepId,
    nonce,
    tails.committed(epoch, stepId, settlement.usage),
    settlement.output,
    to.stepId,
    to.rank,
    (verdicts.chosen ? 1 : 0) + (verdicts.admitted ? 2 : 0),
    next.nonce,
    next.leaseMs,
    tails.claimed(to.stepId, next.worker),
    ...candidate.reads,
  ]
  const reply = await store.goingOn.send(null, store.keys.run(runId), args)
  if (reply[0] === 1)
    return {
      outcome: 'settled',
      next: readNext(runId, next.nonce, reply.slice(1)),
      offers: [],
      undecided: [],
      runStatus: 'running',
    }
  if (store.longWay.size >= LONG_WAY_MAX) store.longWay.clear()
  store.longWay.add(runId)
  return null
}
