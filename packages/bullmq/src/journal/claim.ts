import { CorruptJournalError, type ClaimReply, type ClaimStep } from '@agentloom/engine'
import { z } from 'zod'
import { HEADER_FIELDS, readHeader } from './header.ts'
import { tails } from './record-codec.ts'
import { readOutput, readUndecided } from './replies.ts'
import { head, type Store } from './store.ts'

const refusal = z.enum(['unknown-run', 'run-over', 'run-paused', 'resolved', 'claimed', 'not-ready', 'full', 'budget'])
const claimReply = z.union([
  z.tuple([z.literal(0), refusal]),
  z.tuple([z.literal(2), z.int(), z.string(), z.string(), z.string()]),
  z.tuple([z.literal(1)], z.union([z.string(), z.int()]).nullable()),
])
const claimedTail = z.tuple([z.int(), z.int()], z.string().nullable())

export async function claim(store: Store, command: ClaimStep): Promise<ClaimReply> {
  const { offer, nonce, worker, leaseMs, reads, isDecided } = command
  const { runId, stepId } = offer
  const args = [
    ...head(store, runId),
    stepId,
    nonce,
    leaseMs,
    tails.claimed(stepId, worker),
    isDecided ? 1 : 0,
    ...reads,
  ]
  const [kind, ...rest] = claimReply.parse(
    await store.scripts.call({ name: 'claim', keys: store.keys.run(runId), args }),
  )
  switch (kind) {
    case 0:
      return { outcome: 'refused', reason: refusal.parse(rest[0]) }
    case 2: {
      const [step] = readUndecided(runId, [stepId, ...rest.map((value) => value ?? '')])
      if (step === undefined) throw new Error('a reply without a step')
      return { outcome: 'undecided', step }
    }
    case 1: {
      const header = readHeader(runId, rest.slice(0, HEADER_FIELDS.length))
      if (header === null) throw new CorruptJournalError(runId, 'it has no header')
      const [epoch, failures, ...outputs] = claimedTail.parse(rest.slice(HEADER_FIELDS.length))
      return {
        outcome: 'claimed',
        header,
        claim: { runId, stepId, epoch, nonce },
        attempt: failures + 1,
        outputs: outputs.map(readOutput),
      }
    }
    default:
      return kind satisfies never
  }
}
