import type { ClaimedStep, Offer, SettleReply, StepOutput, UndecidedStep } from '@agentloom/engine'
import { intIn, oneOf, textIn, textOrNullIn, type Reply } from './reply.ts'
import { STATUSES } from './header.ts'

/** See the head of `lua/commands/settle.lua`. */
export function readSettled(runId: string, nonce: string, reply: Reply): SettleReply {
  if (reply[0] === 0) return { outcome: 'stale' }
  const undecidedAt = OFFERS_AT + intIn(reply[2])
  const nextAt = undecidedAt + intIn(reply[3])
  return {
    outcome: 'settled',
    next: nextAt < reply.length ? readNext(runId, nonce, reply.slice(nextAt)) : null,
    offers: undecidedAt === OFFERS_AT ? NONE : readOffers(runId, reply.slice(OFFERS_AT, undecidedAt)),
    undecided: nextAt === undecidedAt ? NONE : readUndecided(runId, reply.slice(undecidedAt, nextAt)),
    runStatus: oneOf(STATUSES, reply[1]),
  }
}

const OFFERS_AT = 4
const NONE: readonly never[] = []

export function readNext(runId: string, nonce: string, next: Reply): ClaimedStep {
  const claim = { runId, stepId: textIn(next[0]), epoch: intIn(next[1]), nonce }
  return { claim, attempt: intIn(next[2]) + 1, outputs: readOutputs(next.slice(3)) }
}

export function readOutputs(texts: Reply): readonly (StepOutput | null)[] {
  return texts.map((value) => {
    const text = textOrNullIn(value)
    return text === null ? null : { status: 'success', text }
  })
}

/** Step, epoch, step, epoch, … */
export function readOffers(runId: string, flat: Reply): readonly Offer[] {
  const offers: Offer[] = []
  for (let at = 0; at < flat.length; at += 2)
    offers.push({ runId, stepId: textIn(flat[at]), epoch: intIn(flat[at + 1]) })
  return offers
}

/** Step, epoch, cause, voted, flags, … */
export function readUndecided(runId: string, flat: Reply): readonly UndecidedStep[] {
  const steps: UndecidedStep[] = []
  for (let at = 0; at < flat.length; at += 5) {
    const flags = Number(textIn(flat[at + 4]))
    steps.push({
      runId,
      stepId: textIn(flat[at]),
      epoch: intIn(flat[at + 1]),
      verdicts: { cause: rank(flat[at + 2]), voted: rank(flat[at + 3]), chosen: flags % 2 === 1, admitted: flags >= 2 },
    })
  }
  return steps
}

function rank(value: unknown): number | null {
  const text = textIn(value)
  return text === '' ? null : Number(text)
}
