import type {
  ClaimedStep,
  Offer,
  RunLabel,
  RunStatus,
  RunTransition,
  SettleReply,
  StepOutput,
  UndecidedStep,
} from '@agentloom/engine'
import { STATUSES } from './header.ts'
import { intIn, listIn, oneOf, textIn, textOrNullIn, type Reply } from './reply.ts'
import { wakeIn } from './wait-codec.ts'

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
  return { claim, ...readVisit(next[2]), outputs: readOutputs(next.slice(3)) }
}

/** See `R.claimed_step` in `lua/lib/ready.lua`. */
export function readVisit(value: unknown): Pick<ClaimedStep, 'attempt' | 'visit' | 'wake'> {
  if (!Array.isArray(value)) return { attempt: intIn(value) + 1, visit: 1, wake: null }
  const [failures, visit, wake] = listIn(value)
  const text = textIn(wake)
  return { attempt: intIn(failures) + 1, visit: intIn(visit), wake: text === '' ? null : wakeIn(JSON.parse(text)) }
}

/** No JSON text begins with it. */
export const FAILED = '!'

export function readOutputs(texts: Reply): readonly (StepOutput | null)[] {
  return texts.map((value) => {
    const text = textOrNullIn(value)
    if (text === null) return null
    return text.startsWith(FAILED) ? { status: 'failed', text: text.slice(1) } : { status: 'success', text }
  })
}

/** Definition and priority. */
export function labelIn(reply: Reply, at: number): RunLabel {
  return { definition: textIn(reply[at]), priority: Number(textIn(reply[at + 1])) }
}

export function transitionIn(reply: Reply): RunTransition {
  return { isDone: reply[0] === 1, status: statusIn(reply) }
}

export function statusIn(reply: Reply): RunStatus | null {
  return reply[1] === undefined ? null : oneOf(STATUSES, reply[1])
}

/** Step, epoch, step, epoch, … or in the place of a step, which holds no slash, `/` and JSON: see `R.add_offer` in `lua/lib/fair.lua`. */
export function readOffers(runId: string, flat: Reply): readonly Offer[] {
  const offers: Offer[] = []
  for (let at = 0; at < flat.length; at += 2) {
    const stepId = textIn(flat[at])
    const epoch = intIn(flat[at + 1])
    offers.push(stepId.startsWith('/') ? labelledOffer(stepId.slice(1), epoch) : { runId, stepId, epoch })
  }
  return offers
}

function labelledOffer(text: string, epoch: number): Offer {
  const [runId, stepId, definition, priority] = listIn(JSON.parse(text))
  const label = { definition: textIn(definition), priority: intIn(priority) }
  return { runId: textIn(runId), stepId: textIn(stepId), epoch, label }
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
