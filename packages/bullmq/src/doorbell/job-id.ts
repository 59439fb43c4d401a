import { createHash } from 'node:crypto'
import type { Offer } from '@agentloom/engine'

/**
 * Ids of BullMQ jobs: `step@run@epoch`. The same offer has the same id, so that a doubled `add` is one job, and a
 * renewed offer has another, because BullMQ silently ignores an id that still sits among the finished jobs. No colon
 * can be in it, nor can it be a number or one of BullMQ's own names, because of the `@`.
 */
export function jobIdOf(offer: Offer): string {
  return `${jobIdStem(offer)}${offer.epoch}`
}

/** All of it but the epoch, which `lua/oblige.lua` knows. */
export function jobIdStem({ runId, stepId }: { readonly runId: string; readonly stepId: string }): string {
  return `${safe(stepId)}@${safe(runId)}@`
}

const SAFE = /^[A-Za-z0-9._-]{1,100}$/

/** Ids of steps are users' words, and those of child runs hold them. */
function safe(id: string): string {
  return SAFE.test(id) ? id : `~${createHash('sha256').update(id).digest('hex').slice(0, 24)}`
}
