import { isClean, type ClaimReply, type ClaimStep, type SettleReply, type SettleStep } from '@agentloom/engine'
import { readClaimed } from './claimed.ts'
import { tails } from './record-codec.ts'
import { readNext } from './replies.ts'
import type { Store } from './store.ts'

// The short ways of `lua/plain.lua`; each answers null where the long way must decide.

/** Runs remembered to need the long way; forgetting one costs a call more a step. */
const LONG_WAY_MAX = 10_000

/** The first claim of a step that nothing speaks against. */
export async function take(store: Store, command: ClaimStep): Promise<ClaimReply | null> {
  const { offer, nonce, worker, leaseMs, reads, isDecided } = command
  const { runId, stepId, epoch } = offer
  if (epoch !== 0 || isDecided || store.longWay.has(runId)) return null
  const args = [runId, stepId, nonce, leaseMs, tails.claimed(stepId, worker), ...reads]
  const reply = await store.plain.send('take', store.keys.run(runId), args)
  return reply[0] === 1 ? readClaimed(command, reply) : longWay(store, runId)
}

/** A success at no cost that makes one untouched step ready, or the last one of its run. */
export async function goOn(store: Store, command: SettleStep): Promise<SettleReply | null> {
  const { claim, settlement, edges, next } = command
  if (settlement.kind !== 'success' || settlement.usage.costNanoUsd !== 0 || store.longWay.has(claim.runId)) return null
  if (edges.length === 0) return finish(store, claim, settlement)
  const [edge] = edges
  const [candidate] = next?.candidates ?? []
  if (edge === undefined || edges.length !== 1 || next === null || next.candidates.length !== 1) return null
  const { to, inDegree, verdicts } = edge
  if (candidate?.stepId !== to.stepId || inDegree !== 1 || !isClean(verdicts) || verdicts.voted !== null) return null
  const { runId, stepId, epoch, nonce } = claim
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
  const reply = await store.plain.send('go-on', store.keys.run(runId), args)
  if (reply[0] !== 1) return longWay(store, runId)
  const claimed = readNext(runId, next.nonce, reply.slice(1))
  return { outcome: 'settled', next: claimed, offers: [], undecided: [], runStatus: 'running' }
}

async function finish(
  store: Store,
  { runId, stepId, epoch, nonce }: SettleStep['claim'],
  { output, usage }: Extract<SettleStep['settlement'], { kind: 'success' }>,
): Promise<SettleReply | null> {
  const args = [runId, stepId, nonce, tails.committed(epoch, stepId, usage), output]
  const reply = await store.plain.send('finish', store.keys.run(runId), args)
  if (reply[0] !== 1) return null // most often other steps are not resolved yet, which does not make the run less plain
  return { outcome: 'settled', next: null, offers: [], undecided: [], runStatus: 'success' }
}

function longWay(store: Store, runId: string): null {
  if (store.longWay.size >= LONG_WAY_MAX) store.longWay.clear()
  store.longWay.add(runId)
  return null
}
