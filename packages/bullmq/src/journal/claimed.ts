import { CorruptJournalError, type ClaimReply, type ClaimStep } from '@agentloom/engine'
import { HEADER_FIELDS, readHeader } from './header.ts'
import { readOffers, readOutputs, readVisit } from './replies.ts'
import { intIn } from './reply.ts'

/** Where what is behind the header begins: the reply's own letter, the fields, the last record. */
const STEP_AT = HEADER_FIELDS.length + 2

/** What a script answers of a step that it claimed. @throws {CorruptJournalError} */
export function readClaimed(
  { offer: { runId, stepId }, nonce, reads }: ClaimStep,
  reply: readonly unknown[],
): ClaimReply {
  const offersAt = STEP_AT + 2 + reads.length
  const header = readHeader(runId, reply.slice(1, STEP_AT - 1), reply[STEP_AT - 1])
  if (header === null) throw new CorruptJournalError(runId, 'it has no header')
  return {
    outcome: 'claimed',
    header,
    claim: { runId, stepId, epoch: intIn(reply[STEP_AT]), nonce },
    ...readVisit(reply[STEP_AT + 1]),
    outputs: readOutputs(reply.slice(STEP_AT + 2, offersAt)),
    offers: offersAt < reply.length ? readOffers(runId, reply.slice(offersAt)) : [],
  }
}
