import type { Obligation, Wait } from '../ports/journal.ts'
import type { CommandContext } from './context.ts'
import { offersOf } from './offers.ts'
import { NO_USAGE } from './record.ts'
import { labelOf, type RunState, type StepCell } from './run-state.ts'
import { refreshStatus } from './status.ts'
import { freeSlot } from './turns.ts'
import { changeWait } from './wait.ts'

/** So many workers may die, or fall silent, while they hold a step in one visit of it. */
export const DEATHS_MAX = 3

/** Its worker is gone. Counted apart from attempts: the step itself may be well, and then runs again. */
export function died(run: RunState, cell: StepCell, ctx: CommandContext): void {
  cell.status = 'expired'
  cell.deaths += 1
  run.updatedAtMs = ctx.nowMs
  run.records.push({ kind: 'died', atMs: ctx.nowMs, stepId: cell.stepId, epoch: cell.epoch })
}

export function isPoison({ deaths }: StepCell, { deathsMax }: CommandContext): boolean {
  return deaths >= deathsMax
}

/** One death more, and it is quarantined. */
export function isSuspect({ deaths }: StepCell, deathsMax: number): boolean {
  return deaths >= suspectDeaths(deathsMax)
}

export function suspectDeaths(deathsMax: number): number {
  return Math.max(1, deathsMax - 1)
}

/** The expired step gives up lease, slot and claim, and waits for a human. */
export function quarantine(run: RunState, cell: StepCell, ctx: CommandContext): Obligation {
  const wait = quarantineWait(cell.deaths)
  const { runId } = run.start
  freeSlot(run, cell, ctx)
  ctx.due.clear(runId, cell.stepId)
  run.records.push({
    kind: 'waiting',
    atMs: ctx.nowMs,
    stepId: cell.stepId,
    epoch: cell.epoch,
    wait,
    usage: NO_USAGE,
    untilMs: null,
  })
  const suspended = { status: 'suspended', nonce: '', wait, untilMs: null, childStatus: null, wake: null } as const
  changeWait(run, cell, () => Object.assign(cell, suspended))
  refreshStatus(run, ctx)
  const mayOffer = !run.isHeld && run.closing === null
  const offers = mayOffer ? offersOf(run, { clean: [], undecided: [] }, null, ctx) : []
  return { kind: 'quarantined', runId, stepId: cell.stepId, offers, runStatus: run.status, ...labelOf(run) }
}

export function quarantineWait(deaths: number): Wait {
  const message = `${deaths} workers died or fell silent while they held it`
  return { kind: 'parked', reason: 'quarantined', message, checkMs: null }
}
