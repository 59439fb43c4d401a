import {
  closingOf,
  foldSteps,
  isOver,
  judgeWake,
  type LoadedRun,
  type RunLabel,
  type SignalReply,
  type WakeReply,
  type WakeStep,
} from '@agentloom/engine'
import { CLEANUP_STEP } from '@agentloom/workflow'
import type { z } from 'zod'
import type { Wish } from '../store/messages.ts'
import { signalWish, wakeWish } from './record-schema.ts'

/**
 * What one process wants of a run that another one has. It is written beside the run, the other does it, and what came of it
 * is read from the run's records: nothing else goes from one to the other.
 */
export type RunWish =
  | { readonly wish: 'cancel' | 'pause'; readonly reason: string }
  | { readonly wish: 'wake'; readonly stepId: string; readonly wake: WakeStep['wake'] }
  | { readonly wish: 'signal'; readonly name: string; readonly payload: string }

export function wishText(wish: RunWish): Wish {
  switch (wish.wish) {
    case 'cancel':
    case 'pause':
      return { wish: wish.wish, body: wish.reason }
    case 'wake':
      return { wish: 'wake', body: JSON.stringify({ stepId: wish.stepId, wake: wish.wake }) }
    case 'signal':
      return { wish: 'signal', body: JSON.stringify({ name: wish.name, payload: wish.payload }) }
    default:
      return wish satisfies never
  }
}

/** Null for what no version of this program has written. */
export function parseWish({ wish, body }: Wish): RunWish | null {
  if (wish === 'cancel' || wish === 'pause') return { wish, reason: body }
  const given = wish === 'wake' ? parsed(wakeWish, body) : null
  if (given !== null) return { wish: 'wake', ...given }
  const signal = wish === 'signal' ? parsed(signalWish, body) : null
  return signal === null ? null : { wish: 'signal', ...signal }
}

/** What has come of a wake; null as long as the step still waits for it. Whoever has the run rings for it. */
export function wakeReplyOf({ header, records }: LoadedRun, { stepId, wake }: WakeStep): WakeReply | null {
  const fold = foldSteps(header.runId, records).get(stepId)
  const verdict = fold === undefined ? 'not-waiting' : judgeWake(fold, wake)
  if (verdict === 'same') return { outcome: 'woken', offers: [], label: labelOf({ header, records }) }
  const isClosed = isOver(header.status) || (closingOf(records) !== null && stepId !== CLEANUP_STEP)
  if (isClosed) return { outcome: 'refused', reason: 'run-over' }
  return verdict === 'wakes' ? null : { outcome: 'refused', reason: verdict }
}

export function signalReplyOf(
  { header, records }: LoadedRun,
  { name, payload }: { readonly name: string; readonly payload: string },
): SignalReply | null {
  const kept = records.find((record) => record.kind === 'signalled' && record.name === name)
  if (kept?.kind === 'signalled' && kept.payload !== payload)
    return { outcome: 'refused', reason: 'signalled-otherwise' }
  if (kept !== undefined) return { outcome: 'kept', isNew: false, offers: [], label: labelOf({ header, records }) }
  const isClosed = isOver(header.status) || closingOf(records) !== null
  return isClosed ? { outcome: 'refused', reason: 'run-over' } : null
}

function labelOf({ header: { definition, priority } }: LoadedRun): RunLabel {
  return { definition, priority }
}

function parsed<Type>(schema: z.ZodType<Type>, body: string): Type | null {
  try {
    return schema.parse(JSON.parse(body))
  } catch {
    return null
  }
}
