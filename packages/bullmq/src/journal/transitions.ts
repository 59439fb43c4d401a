import type {
  CancelCode,
  Claim,
  Offer,
  ReopenReply,
  ReopenRun,
  RunTransition,
  StepStanding,
  Wish,
} from '@agentloom/engine'
import { z } from 'zod'
import { errorText } from './error-codec.ts'
import { verdictsText } from './edges.ts'
import { tails } from './record-codec.ts'
import { readOffers, readUndecided, statusIn, transitionIn } from './replies.ts'
import { listIn } from './reply.ts'
import type { Store } from './store.ts'

/** Claims that one script prolongs at most: each costs about a microsecond. */
const BEATS_MAX = 200

const wishes = z.array(z.enum(['continue', 'pause', 'cancel', 'lost']))

export async function cancel(
  store: Store,
  runId: string,
  { reason, code }: { readonly reason: string; readonly code: CancelCode },
): Promise<RunTransition> {
  const error = errorText({ code, message: reason, place: null, help: null })
  return transition(store, 'cancel', runId, error)
}

export function pause(store: Store, runId: string, reason: string): Promise<RunTransition> {
  return transition(store, 'pause', runId, tails.paused(reason))
}

async function transition(
  store: Store,
  name: 'cancel' | 'pause',
  runId: string,
  argument: string,
): Promise<RunTransition> {
  return transitionIn(await store.turn.send(name, store.keys.run(runId), [runId, argument]))
}

export async function release(
  store: Store,
  { runId, stepId, epoch, nonce }: Claim,
  reason: string,
): Promise<readonly Offer[]> {
  const args = [runId, stepId, nonce, tails.released(epoch, stepId, reason)]
  const reply = await store.turn.send('release', store.keys.run(runId), args)
  return readOffers(runId, listIn(reply[1]))
}

export async function heartbeat(store: Store, claims: readonly Claim[], leaseMs: number): Promise<readonly Wish[]> {
  const answers: Wish[] = []
  for (let at = 0; at < claims.length; at += BEATS_MAX) {
    const keys = [store.keys.due]
    const args: (string | number)[] = [leaseMs]
    for (const { runId, stepId, nonce } of claims.slice(at, at + BEATS_MAX)) {
      const [run, steps] = store.keys.run(runId)
      keys.push(run, steps)
      args.push(runId, stepId, nonce)
    }
    answers.push(...wishes.parse(await store.scripts.call({ name: 'heartbeat', keys, args })))
  }
  return answers
}

export async function reopen(store: Store, command: ReopenRun): Promise<ReopenReply> {
  const { runId, recordCount, reason, reopened, ready, counted, spread, unresolvedCount } = command
  const { budgetNanoUsd, timeoutMs, failure = null } = command
  const tail = tails.reopened(
    reason,
    reopened.map(({ step }) => step.stepId),
  )
  const args: (string | number)[] = [
    runId,
    recordCount,
    tail,
    unresolvedCount,
    budgetNanoUsd ?? '',
    timeoutMs ?? '',
    reopened.length,
    ready.length,
    counted.length,
    spread.length,
    failure?.rank ?? '',
    failure === null ? '' : errorText(failure.error),
  ]
  pushStandings(args, reopened)
  for (const { stepId, rank } of ready) args.push(stepId, rank)
  pushStandings(args, counted)
  args.push(...spread)
  const reply = await store.turn.send('reopen', store.keys.run(runId), args)
  if (reply[0] === 0) return { outcome: 'refused', status: statusIn(reply) }
  return {
    outcome: 'reopened',
    offers: readOffers(runId, listIn(reply[1])),
    undecided: readUndecided(runId, listIn(reply[2])),
  }
}

function pushStandings(args: (string | number)[], standings: readonly StepStanding[]): void {
  for (const { step, edgeCount, verdicts } of standings)
    args.push(step.stepId, `${step.rank}|${edgeCount}|${verdictsText(verdicts)}`)
}
