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
import { goOn } from './go-on.ts'
import { tails } from './record-codec.ts'
import { readSettled } from './replies.ts'
import type { Store } from './store.ts'

/**
 * Resolving a step and spreading its edges. More edges than one script may spread come in chunks: the first call
 * resolves the step and notes how many edges are spread, each further one counts once. Whoever dies in between leaves
 * the obligation `edges` in `due`, and the next one goes on where it stopped.
 */
type Settled = Exclude<SettleReply, { outcome: 'stale' }>

const LETTERS = { success: 's', failed: 'f', timeout: 't', retry: 'r' } as const

export async function settle(store: Store, command: SettleStep): Promise<SettleReply> {
  return (await goOn(store, command)) ?? settleAny(store, command)
}

function settleAny(store: Store, { claim, rank, settlement, edges, next }: SettleStep): Promise<SettleReply> {
  const { runId, stepId, epoch, nonce } = claim
  return inChunks(store, { runId, stepId, edges, next }, (first) => {
    const args: (string | number)[] = [
      runId,
      stepId,
      nonce,
      LETTERS[settlement.kind],
      tailOf(epoch, stepId, settlement),
      wholeNumber(settlement.usage.costNanoUsd),
      settlement.kind === 'success' ? settlement.output : errorText(settlement.error),
      rank,
      settlement.kind === 'retry' ? wholeNumber(settlement.delayMs) : 0,
    ]
    return { name: 'settle', args, first }
  })
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

function tailOf(epoch: number, stepId: string, settlement: Settlement): string {
  const { kind, usage } = settlement
  if (kind === 'success') return tails.committed(epoch, stepId, usage)
  const status = kind === 'retry' ? settlement.status : kind
  return tails.failed({ epoch, stepId, status }, settlement.error, usage)
}

function wholeNumber(value: number): number {
  const rounded = Math.round(value)
  if (!Number.isSafeInteger(rounded) || rounded < 0)
    throw new RangeError(`${value} is no amount that the journal can count`)
  return rounded
}
