import {
  EDGES_PER_COMMAND,
  type Edge,
  type NextClaim,
  type SettleReply,
  type SettleStep,
  type Settlement,
  type SkipStep,
  type SpreadEdges,
} from '@agentloom/engine'
import { pushEdges, pushNext } from './edges.ts'
import { errorText } from './error-codec.ts'
import { goOn } from './plain.ts'
import { tails } from './record-codec.ts'
import { readSettled } from './replies.ts'
import type { Store } from './store.ts'
import { waitArguments } from './wait-codec.ts'

/**
 * Resolving a step and spreading its edges. More edges than one script may spread come in chunks: the first call
 * resolves the step and notes how many edges are spread, each further one counts once. Whoever dies in between leaves
 * the obligation `edges` in `due`, and the next one goes on where it stopped.
 */
type Settled = Exclude<SettleReply, { outcome: 'stale' }>

const LETTERS = { success: 's', failed: 'f', timeout: 't', skipped: 'k', retry: 'r' } as const

export async function settle(store: Store, command: SettleStep): Promise<SettleReply> {
  return (await goOn(store, command)) ?? settleAny(store, command)
}

function settleAny(store: Store, { claim, rank, settlement, edges, next }: SettleStep): Promise<SettleReply> {
  const { runId, stepId, epoch, nonce } = claim
  return inChunks(store, { runId, stepId, edges, next }, (first) => {
    const args: (string | number)[] = [runId, stepId, nonce, ...settlementArguments(epoch, stepId, rank, settlement)]
    return { name: 'settle', args, first }
  })
}

/** From the letter on to the output of a failed step: see the head of `lua/commands/settle.lua`. */
function settlementArguments(
  epoch: number,
  stepId: string,
  rank: number,
  settlement: Settlement,
): readonly (string | number)[] {
  const { kind, usage } = settlement
  const cost = wholeNumber(usage.costNanoUsd)
  switch (kind) {
    case 'success':
      return [LETTERS[kind], tails.committed(epoch, stepId, usage), cost, settlement.output, rank, '', '']
    case 'skipped':
      return [LETTERS[kind], tails.skipped(stepId, settlement.cause), cost, '', rank, '', '']
    case 'failed':
    case 'timeout': {
      const { error, output = null } = settlement
      const tail = tails.failed({ epoch, stepId, status: kind }, error, usage, output)
      return [LETTERS[kind], tail, cost, errorText(error), rank, '', output ?? '']
    }
    case 'retry': {
      const { status, error, delayMs } = settlement
      const tail = tails.failed({ epoch, stepId, status }, error, usage)
      return [LETTERS[kind], tail, cost, errorText(error), rank, wholeNumber(delayMs), '']
    }
    case 'wait': {
      const { letter, detail, ms } = waitArguments(settlement.wait)
      const tail = tails.waiting(epoch, stepId, settlement.wait, usage)
      return [letter, tail, cost, detail, rank, ms === null ? '' : wholeNumber(ms), '']
    }
    default:
      return settlement satisfies never
  }
}

export function skip(store: Store, { offer, cause, edges, next }: SkipStep): Promise<SettleReply> {
  const { runId, stepId } = offer
  return inChunks(store, { runId, stepId, edges, next }, (first) => ({
    name: 'skip',
    args: [runId, stepId, tails.skipped(stepId, cause)],
    first,
  }))
}

export function spread(store: Store, { runId, stepId, edges }: SpreadEdges): Promise<SettleReply> {
  return spreadFrom(store, { runId, stepId, edges, next: null }, 0, null)
}

interface Resolving {
  readonly runId: string
  readonly stepId: string
  readonly edges: readonly Edge[]
  readonly next: NextClaim | null
}

interface FirstCall {
  readonly name: 'settle' | 'skip'
  readonly args: (string | number)[]
  readonly first: readonly Edge[]
}

async function inChunks(
  store: Store,
  step: Resolving,
  call: (first: readonly Edge[]) => FirstCall,
): Promise<SettleReply> {
  const { runId, edges, next } = step
  const { name, args, first } = call(edges.length > EDGES_PER_COMMAND ? edges.slice(0, EDGES_PER_COMMAND) : edges)
  args.push(edges.length, first.length, next?.nonce ?? '', next?.leaseMs ?? 0, next?.candidates.length ?? 0)
  pushEdges(args, first)
  pushNext(args, next)
  const reply = readSettled(runId, next?.nonce ?? '', await store.turn.send(name, store.keys.run(runId), args))
  return reply.outcome === 'stale' || edges.length <= EDGES_PER_COMMAND
    ? reply
    : spreadFrom(store, step, EDGES_PER_COMMAND, reply)
}

async function spreadFrom(
  store: Store,
  { runId, stepId, edges }: Resolving,
  from: number,
  before: Settled | null,
): Promise<SettleReply> {
  let sum = before
  for (let at = from; at < edges.length || sum === null; at += EDGES_PER_COMMAND) {
    const chunk = edges.slice(at, at + EDGES_PER_COMMAND)
    const args: (string | number)[] = [runId, stepId, at, edges.length, chunk.length]
    pushEdges(args, chunk)
    const reply = readSettled(runId, '', await store.turn.send('spread', store.keys.run(runId), args))
    if (reply.outcome === 'stale') return sum ?? reply
    sum = sum === null ? reply : joined(sum, reply)
  }
  return sum
}

function joined(a: Settled, b: Settled): Settled {
  return {
    ...a,
    offers: [...a.offers, ...b.offers],
    undecided: [...a.undecided, ...b.undecided],
    runStatus: b.runStatus,
  }
}

export function wholeNumber(value: number): number {
  const rounded = Math.round(value)
  if (!Number.isSafeInteger(rounded) || rounded < 0)
    throw new RangeError(`${value} is no amount that the journal can count`)
  return rounded
}
