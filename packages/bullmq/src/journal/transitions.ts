import type { Claim, Offer, ReopenReply, ReopenRun, RunTransition, Wish } from '@agentloom/engine'
import { z } from 'zod'
import { errorText } from './error-codec.ts'
import { verdictsText } from './edges.ts'
import { runStatus } from './header.ts'
import { tails } from './record-codec.ts'
import { flatReply, readOffers, readUndecided } from './replies.ts'
import { head, type Store } from './store.ts'

/** Claims that one script prolongs at most: each costs about a microsecond. */
const BEATS_MAX = 200

const transitionReply = z.tuple([z.union([z.literal(0), z.literal(1)])], runStatus)
const wishes = z.array(z.enum(['continue', 'pause', 'cancel', 'lost']))
const reopenReply = z.union([z.tuple([z.literal(1), flatReply, flatReply]), z.tuple([z.literal(0)], runStatus)])

export async function cancel(store: Store, runId: string, reason: string): Promise<RunTransition> {
  const error = errorText({ code: 'run/cancelled', message: reason, place: null, help: null })
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
  const reply = await store.scripts.call({ name, keys: store.keys.run(runId), args: [...head(store, runId), argument] })
  const [isDone, status = null] = transitionReply.parse(reply)
  return { isDone: isDone === 1, status }
}

export async function release(
  store: Store,
  { runId, stepId, epoch, nonce }: Claim,
  reason: string,
): Promise<readonly Offer[]> {
  const args = [...head(store, runId), stepId, nonce, tails.released(epoch, stepId, reason)]
  return readOffers(
    runId,
    flatReply.parse(await store.scripts.call({ name: 'release', keys: store.keys.run(runId), args })),
  )
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

export async function reopen(store: Store, command: ReopenRun, definition: string): Promise<ReopenReply> {
  const { runId, recordCount, reason, reopened, ready, unresolvedCount, budgetNanoUsd, timeoutMs } = command
  const tail = tails.reopened(
    reason,
    reopened.map(({ step }) => step.stepId),
  )
  const args: (string | number)[] = [
    ...head(store, runId),
    recordCount,
    tail,
    unresolvedCount,
    budgetNanoUsd ?? '',
    timeoutMs ?? '',
    reopened.length,
    ready.length,
  ]
  for (const { step, edgeCount, verdicts } of reopened)
    args.push(step.stepId, `${step.rank}|${edgeCount}|${verdictsText(verdicts)}`)
  for (const { stepId, rank } of ready) args.push(stepId, rank)
  const keys = [...store.keys.run(runId), store.keys.definition(definition)]
  const reply = reopenReply.parse(await store.scripts.call({ name: 'reopen', keys, args }))
  if (reply[0] === 0) return { outcome: 'refused', status: reply[1] ?? null }
  return { outcome: 'reopened', offers: readOffers(runId, reply[1]), undecided: readUndecided(runId, reply[2]) }
}
