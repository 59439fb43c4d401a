import { CorruptJournalError, type ClaimReply, type ClaimStep, type RefusalReason } from '@agentloom/engine'
import { HEADER_FIELDS, readHeader } from './header.ts'
import { tails } from './record-codec.ts'
import { readOutputs, readUndecided, readVisit } from './replies.ts'
import { intIn, oneOf } from './reply.ts'
import type { Store } from './store.ts'

const REFUSALS: ReadonlySet<RefusalReason> = new Set([
  'unknown-run',
  'run-over',
  'run-paused',
  'resolved',
  'claimed',
  'not-ready',
  'full',
  'budget',
])

/** Where what is behind the header begins: the reply's own letter, the fields, the last record. */
const STEP_AT = HEADER_FIELDS.length + 2

export async function claim(store: Store, command: ClaimStep): Promise<ClaimReply> {
  const { offer, nonce, worker, leaseMs, reads, isDecided } = command
  const { runId, stepId } = offer
  const args = [runId, stepId, nonce, leaseMs, tails.claimed(stepId, worker), isDecided ? 1 : 0, ...reads]
  const reply = await store.turn.send('claim', store.keys.run(runId), args)
  if (reply[0] === 0) return { outcome: 'refused', reason: oneOf(REFUSALS, reply[1]) }
  if (reply[0] === 2) {
    const [step] = readUndecided(runId, [stepId, ...reply.slice(1)])
    if (step === undefined) throw new Error('a reply without a step')
    return { outcome: 'undecided', step }
  }
  const header = readHeader(runId, reply.slice(1, STEP_AT - 1), reply[STEP_AT - 1])
  if (header === null) throw new CorruptJournalError(runId, 'it has no header')
  const epoch = intIn(reply[STEP_AT])
  return {
    outcome: 'claimed',
    header,
    claim: { runId, stepId, epoch, nonce },
    ...readVisit(reply[STEP_AT + 1]),
    outputs: readOutputs(reply.slice(STEP_AT + 2)),
  }
}
