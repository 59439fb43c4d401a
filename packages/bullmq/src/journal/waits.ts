import { createHash } from 'node:crypto'
import type {
  AppendReply,
  Claim,
  Note,
  RunStatus,
  RunTransition,
  SignalReply,
  WakeReply,
  WakeStep,
} from '@agentloom/engine'
import { quote, tails } from './record-codec.ts'
import { labelIn, readOffers, transitionIn } from './replies.ts'
import { intIn, listIn, oneOf, textIn } from './reply.ts'
import { wholeNumber } from './settle.ts'
import type { Store } from './store.ts'
import { wakeKey, wakeText } from './wait-codec.ts'

/** 96 bits: no claim ever makes two notes that are alike by chance. */
const HASH_LETTERS = 16

export async function append(store: Store, { runId, stepId, epoch, nonce }: Claim, note: Note): Promise<AppendReply> {
  const hash = createHash('sha256').update(note.text).digest('base64url').slice(0, HASH_LETTERS)
  const cost = wholeNumber(note.usage?.costNanoUsd ?? 0)
  const args = [runId, stepId, nonce, epoch, hash, tails.noted(epoch, stepId, note), cost]
  const reply = await store.turn.send('append', store.keys.run(runId), args)
  return { outcome: reply[0] === 1 ? 'appended' : 'stale' }
}

/** Filtered by the server, page by page: a run's log may hold the notes of ten thousand items, and many steps. */
export async function notes(store: Store, runId: string, stepId: string): Promise<readonly string[]> {
  const [, steps, , log] = store.keys.run(runId)
  const newestFirst: string[] = []
  let left: number | '' = ''
  do {
    const reply = await store.scripts.call({ name: 'notes', keys: [steps, log], args: [stepId, quote(stepId), left] })
    const [behind, ...page] = listIn(reply)
    for (const text of page) newestFirst.push(textIn(text))
    left = intIn(behind)
  } while (left > 0)
  return newestFirst.reverse()
}

const WAKE_LETTERS = { decided: 'd', 'child-ended': 'c', unparked: 'u' } as const

const WAKE_REFUSALS: ReadonlySet<Extract<WakeReply, { outcome: 'refused' }>['reason']> = new Set([
  'unknown-run',
  'run-over',
  'not-waiting',
  'decided',
])

export async function wake(store: Store, { runId, stepId, wake: given }: WakeStep): Promise<WakeReply> {
  const letter = WAKE_LETTERS[given.kind]
  const child = given.kind === 'child-ended' ? given.runId : ''
  const args = [runId, stepId, letter, wakeText(given), wakeKey(given), child]
  const reply = await store.turn.send('wake', store.keys.run(runId), args)
  if (reply[0] === 0) return { outcome: 'refused', reason: oneOf(WAKE_REFUSALS, reply[1]) }
  return { outcome: 'woken', label: labelIn(reply, 1), offers: readOffers(runId, reply.slice(3)) }
}

const SIGNAL_REFUSALS: ReadonlySet<Extract<SignalReply, { outcome: 'refused' }>['reason']> = new Set([
  'unknown-run',
  'run-over',
  'signalled-otherwise',
])

export async function signal(store: Store, runId: string, name: string, payload: string): Promise<SignalReply> {
  const args = [runId, name, JSON.stringify(payload), tails.signalled(name, payload)]
  const reply = await store.turn.send('signal', store.keys.run(runId), args)
  if (reply[0] === 0) return { outcome: 'refused', reason: oneOf(SIGNAL_REFUSALS, reply[1]) }
  return {
    outcome: 'kept',
    isNew: intIn(reply[1]) === 1,
    label: labelIn(reply, 2),
    offers: readOffers(runId, reply.slice(4)),
  }
}

export async function mirror(
  store: Store,
  runId: string,
  stepId: string,
  childStatus: RunStatus,
): Promise<RunTransition> {
  const status = childStatus === 'queued' ? 'running' : childStatus
  const args = [runId, stepId, status, tails.mirrored(stepId, status)]
  return transitionIn(await store.turn.send('mirror', store.keys.run(runId), args))
}
