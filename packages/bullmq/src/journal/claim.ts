import { suspectDeaths, type ClaimReply, type ClaimStep, type RefusalReason } from '@agentloom/engine'
import { readClaimed } from './claimed.ts'
import { take } from './plain.ts'
import { tails } from './record-codec.ts'
import { readOffers, readUndecided } from './replies.ts'
import { oneOf } from './reply.ts'
import type { Store } from './store.ts'

const REFUSALS: ReadonlySet<RefusalReason> = new Set([
  'unknown-run',
  'run-over',
  'run-paused',
  'resolved',
  'claimed',
  'not-ready',
  'suspect',
  'full',
  'budget',
  'awaiting_budget',
  'turn',
])

export async function claim(store: Store, command: ClaimStep): Promise<ClaimReply> {
  return (await take(store, command)) ?? claimAny(store, command)
}

async function claimAny(store: Store, command: ClaimStep): Promise<ClaimReply> {
  const { offer, nonce, worker, leaseMs, reads, isDecided, isRushed = false, acceptsSuspect } = command
  const { runId, stepId } = offer
  const args = [
    runId,
    stepId,
    nonce,
    leaseMs,
    tails.claimed(stepId, worker),
    isDecided ? 1 : 0,
    isRushed ? 1 : 0,
    acceptsSuspect === true ? '' : suspectDeaths(store.deathsMax),
    ...reads,
  ]
  const reply = await store.turn.send('claim', store.keys.run(runId), args)
  if (reply[0] === 0) {
    const reason = oneOf(REFUSALS, reply[1])
    const [instead] = readOffers(runId, reply.slice(2))
    return instead === undefined ? { outcome: 'refused', reason } : { outcome: 'refused', reason, instead }
  }
  if (reply[0] === 2) {
    const [step] = readUndecided(runId, [stepId, ...reply.slice(1)])
    if (step === undefined) throw new Error('a reply without a step')
    return { outcome: 'undecided', step }
  }
  return readClaimed(command, reply)
}
