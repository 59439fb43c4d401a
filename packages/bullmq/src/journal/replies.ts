import type { ClaimedStep, Offer, SettleReply, StepOutput, UndecidedStep } from '@agentloom/engine'
import { z } from 'zod'
import { runStatus } from './header.ts'

/** Replies of the scripts, parsed like any other input. */

const texts = z.array(z.union([z.string(), z.int()]))
const settleReply = z.union([
  z.tuple([z.literal(0)]),
  z.tuple([z.literal(1), runStatus, texts, texts]),
  z.tuple([z.literal(1), runStatus, texts, texts, z.tuple([z.string(), z.int(), z.int()], z.string().nullable())]),
])

export function readSettled(runId: string, nonce: string, reply: unknown): SettleReply {
  const parsed = settleReply.parse(reply)
  if (parsed[0] === 0) return { outcome: 'stale' }
  const [, status, offers, undecided, next] = parsed
  return {
    outcome: 'settled',
    next: next === undefined ? null : readNext(runId, nonce, next),
    offers: readOffers(runId, offers),
    undecided: readUndecided(runId, undecided),
    runStatus: status,
  }
}

function readNext(
  runId: string,
  nonce: string,
  [stepId, epoch, failures, ...outputs]: [string, number, number, ...(string | null)[]],
): ClaimedStep {
  return { claim: { runId, stepId, epoch, nonce }, attempt: failures + 1, outputs: outputs.map(readOutput) }
}

export function readOutput(text: string | null): StepOutput | null {
  return text === null ? null : { status: 'success', text }
}

/** Step, epoch, step, epoch, … */
export function readOffers(runId: string, flat: readonly (string | number)[]): readonly Offer[] {
  const offers: Offer[] = []
  for (let at = 0; at < flat.length; at += 2)
    offers.push({ runId, stepId: String(flat[at]), epoch: Number(flat[at + 1]) })
  return offers
}

/** Step, epoch, cause, voted, flags, … */
export function readUndecided(runId: string, flat: readonly (string | number)[]): readonly UndecidedStep[] {
  const steps: UndecidedStep[] = []
  for (let at = 0; at < flat.length; at += 5) {
    const [stepId, epoch, cause, voted, flags] = flat.slice(at, at + 5)
    steps.push({
      runId,
      stepId: String(stepId),
      epoch: Number(epoch),
      verdicts: {
        cause: rank(cause),
        voted: rank(voted),
        chosen: Number(flags) % 2 === 1,
        admitted: Number(flags) >= 2,
      },
    })
  }
  return steps
}

function rank(text: string | number | undefined): number | null {
  return text === '' || text === undefined ? null : Number(text)
}

export const flatReply = texts
