import type { Offer, StartRun } from '../ports/journal.ts'
import { DEFAULT_POOL } from '../schedule/pools.ts'
import type { CommandContext } from './context.ts'
import type { Entry, Place } from './fair-queue.ts'
import { offerAgainAt, offerOf } from './offer.ts'
import { isCleanup, isOver, labelOf, type RunShare, type RunState, type StepCell } from './run-state.ts'

/**
 * Steps of runs with a concurrency key. Ready, they wait in `fair-queue.ts` instead of being offered one by one. A bell
 * brings a worker, which claims the step that the bell names; where that is not its turn the answer names the step whose
 * turn it is, which holds a slot of its key from there on. Slots end with the claim that took them: by settling, releasing,
 * quarantine, or the end of the run.
 */

/** Bells under way at once in a pool: enough to wake idle workers, few enough to keep the queue short. */
export const BELLS_MAX = 32
/** Entries of runs that were paused or are over, dropped by one command at most. */
const DROPS_MAX = 100

export function isKeyed(run: RunState, stepId: string): boolean {
  return run.share !== null && !isCleanup(run, stepId)
}

/** Offers a ready step, when its turn comes. */
export function queueUp(run: RunState, cell: StepCell, ctx: CommandContext): void {
  if (run.share === null) return
  ctx.due.clear(run.start.runId, cell.stepId)
  ctx.fair.freeSlot(run.share.key, memberOf(run, cell.stepId)) // of a turn before its run was paused
  ctx.fair.add(placeOf(run, cell.stepId, ctx), entryOf(run, cell), run.share)
}

/** May the step begin now? What may not waits on. */
export function turnOf(run: RunState, cell: StepCell, ctx: CommandContext): 'now' | 'turn' | 'full' {
  const place = placeOf(run, cell.stepId, ctx)
  if (ctx.fair.hasSlot(place.key, memberOf(run, cell.stepId))) return 'now'
  queueUp(run, cell, ctx) // most often it is there
  if (ctx.fair.isFull(place.key)) return 'full'
  return ctx.fair.isAheadOf(place) ? 'turn' : 'now'
}

/** May the walk go on with a step that has just become ready? Not before older runs of its key, nor out of turn. */
export function mayGoOn(run: RunState, cell: StepCell, ctx: CommandContext): boolean {
  const place = placeOf(run, cell.stepId, ctx)
  const [first] = ctx.fair.head(place, 1)
  if (first !== undefined && first.score < entryOf(run, cell).score) return false
  return !ctx.fair.isFull(place.key) && !ctx.fair.isAheadOf(place)
}

/** The step begins. */
export function begin(run: RunState, cell: StepCell, ctx: CommandContext): void {
  if (run.share === null || !isKeyed(run, cell.stepId)) return
  const place = placeOf(run, cell.stepId, ctx)
  const member = memberOf(run, cell.stepId)
  if (ctx.fair.hasSlot(place.key, member)) return
  ctx.fair.charge(place, run.share)
  ctx.fair.takeSlot(place.key, member, ctx.nowMs)
  ctx.fair.remove(place, entryOf(run, cell))
}

/** The step holds no slot any more, and does not wait for one. */
export function leave(run: RunState, cell: StepCell, ctx: CommandContext): void {
  if (!isKeyed(run, cell.stepId)) return
  const place = placeOf(run, cell.stepId, ctx)
  ctx.fair.remove(place, entryOf(run, cell))
  ctx.fair.freeSlot(place.key, memberOf(run, cell.stepId))
}

/** A claim ends. */
export function freeSlot(run: RunState, cell: StepCell, ctx: CommandContext): void {
  if (isCleanup(run, cell.stepId)) return
  run.inFlight -= 1
  leave(run, cell, ctx)
}

/** A ready step that was handed out: neither its run nor its key makes it wait. */
export function isOffered(run: RunState, { stepId, status, isQueued }: StepCell): boolean {
  return status === 'ready' && !isQueued && !isKeyed(run, stepId)
}

/** The run is over: none of its steps holds or waits for a slot. */
export function leaveAll(run: RunState, ctx: CommandContext): void {
  if (run.share === null) return
  for (const cell of run.cells.values()) {
    leave(run, cell, ctx)
    answered(run, cell.stepId, ctx) // whoever the bell brings is told of another step
  }
  ctx.fair.forgetIdle(run.share.key)
}

/** A bell has brought somebody. */
export function answered(run: RunState, stepId: string, ctx: CommandContext): void {
  if (isKeyed(run, stepId)) ctx.fair.bells(placeOf(run, stepId, ctx).pool).delete(memberOf(run, stepId))
}

/** The step of the pool whose turn it is, for whoever asks: its slot is taken, and it is to be claimed at once. */
export function nextTurn(run: RunState, stepId: string, ctx: CommandContext): Offer | null {
  const { pool } = placeOf(run, stepId, ctx)
  for (let drops = 0; drops < DROPS_MAX; drops += 1) {
    const [key] = ctx.fair.order(pool, 1)
    const [entry] = key === undefined ? [] : ctx.fair.head({ pool, key }, 1)
    if (key === undefined || entry === undefined) return null
    const found = readyStep(run, entry, ctx)
    if (found === null) {
      ctx.fair.remove({ pool, key }, entry)
      continue
    }
    begin(found.run, found.cell, ctx)
    offerAgainAt(found.run, found.cell, ctx)
    return { ...offerOf(found.run, found.cell), label: labelOf(found.run) }
  }
  return null
}

/** Bells to be rung, so that as many are under way as there is use for. */
export function calls(run: RunState | null, ctx: CommandContext): readonly Offer[] {
  const offers: Offer[] = []
  let drops = 0
  for (const pool of ctx.fair.pools()) {
    const bells = ctx.fair.bells(pool)
    for (const key of bells.size >= BELLS_MAX ? [] : ctx.fair.order(pool, BELLS_MAX)) {
      for (const entry of ctx.fair.head({ pool, key }, Math.min(BELLS_MAX, ctx.fair.freeSlots(key)))) {
        if (bells.size >= BELLS_MAX || drops >= DROPS_MAX) break
        const found = readyStep(run, entry, ctx)
        if (found === null) {
          ctx.fair.remove({ pool, key }, entry)
          drops += 1
          continue
        }
        const member = memberOf(found.run, found.cell.stepId)
        if (bells.has(member)) continue
        bells.set(member, ctx.nowMs)
        found.cell.epoch += 1 // a bell that is rung again is another job
        offers.push({ ...offerOf(found.run, found.cell), label: labelOf(found.run) })
      }
    }
  }
  return offers
}

/** Bells that nobody answered do not count any more. */
export function forgetBells(ctx: CommandContext): void {
  const { offerMs, nowMs } = ctx
  if (offerMs === null) return
  for (const pool of ctx.fair.pools()) {
    const bells = ctx.fair.bells(pool)
    for (const [member, atMs] of bells) if (atMs + offerMs <= nowMs) bells.delete(member)
  }
}

/** Null for a step that may not begin, whatever its place in the queue says. */
function readyStep(
  own: RunState | null,
  { member }: Entry,
  ctx: CommandContext,
): { readonly run: RunState; readonly cell: StepCell } | null {
  const [runId = '', , ...step] = member.split('/')
  const run = own?.start.runId === runId ? own : ctx.runOf(runId)
  const cell = run?.cells.get(step.join('/'))
  if (run === undefined || cell?.status !== 'ready') return null
  const isHeldBack = isOver(run.status) || run.status === 'paused' || run.isHeld || run.closing !== null
  return isHeldBack ? null : { run, cell }
}

function placeOf(run: RunState, stepId: string, { fair }: CommandContext): Place {
  return { pool: fair.hasPools ? poolOfStep(run, stepId) : DEFAULT_POOL, key: run.share?.key ?? '' }
}

function entryOf(run: RunState, { stepId, rank }: StepCell): Entry {
  const score = run.start.priority * PRIORITY_STEP + (run.share?.turn ?? 0)
  return { member: `${run.start.runId}/${String(rank).padStart(RANK_DIGITS, '0')}/${stepId}`, score }
}

/** More runs than a shard starts between two that wait at the same time; the sum stays a whole number. */
const PRIORITY_STEP = 2 ** 32
const RANK_DIGITS = 6

function memberOf(run: RunState, stepId: string): string {
  return `${run.start.runId}/${stepId}`
}

const poolMaps = new WeakMap<object, ReadonlyMap<string, string>>()

function poolOfStep({ start: { pools } }: RunState, stepId: string): string {
  const known = poolMaps.get(pools) ?? new Map(pools.others)
  poolMaps.set(pools, known)
  return known.get(stepId) ?? pools.byDefault
}

/** The key of a run that begins, or of its parent, and its place among the runs of that key. */
export function shareOf(
  { concurrency, parent }: StartRun,
  ctx: Pick<CommandContext, 'fair' | 'runOf'>,
): RunShare | null {
  const root = parent === null ? undefined : ctx.runOf(parent.rootRunId)
  if (concurrency === null) return (parent === null ? null : ctx.runOf(parent.runId)?.share) ?? null
  const { key, ...share } = concurrency
  ctx.fair.setShare(key, share)
  return { key, ...share, turn: root?.share?.turn ?? ctx.fair.nextTurn() }
}
