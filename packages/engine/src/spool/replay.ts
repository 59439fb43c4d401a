import type { Plan } from '@agentloom/workflow'
import { isOver } from '../journal/run-state.ts'
import type { Journal, LoadedRun, SettleReply } from '../ports/journal.ts'
import type { Spool, SpooledRun, SpooledRunKey } from '../ports/spool.ts'
import type { RestoreReply } from '../ports/whole-runs.ts'
import { settledOutcome } from '../schedule/settled-outcome.ts'
import { edgesOf } from '../schedule/verdicts.ts'
import { stepNode } from '../walk/cleanup-node.ts'
import type { ClaimFacts } from './claim-facts.ts'
import { mergeRun, type MergedRun } from './merge-run.ts'

export interface ReplayParts {
  readonly spool: Pick<Spool, 'runs' | 'read'>
  /** The journal itself, without a spool around it. */
  readonly journal: Journal
  /** @throws where the text does not compile here */
  readonly planOf: (hash: string, definitionText: string) => Plan
  /** Rings for what is to be done; nothing may be lost by it, for all of it is due in the journal. */
  readonly onReady: (plan: Plan, runId: string, ready: Ready) => Promise<void>
  /** See `MergeOptions`. */
  readonly nowMs?: number
}

export type Ready =
  | Extract<RestoreReply, { readonly outcome: 'restored' }>
  | Extract<SettleReply, { readonly outcome: 'settled' }>

/**
 * How much the journal is trusted.
 * - `resend`: it has lost nothing. Only what a worker had spooled, and died before it told the journal, is told now.
 * - `merge`: it may have lost data, and other spools may know more than this one.
 * - `last`: all spools have been merged as far as they fit together.
 */
export type ReplayMode = 'resend' | 'merge' | 'last'

export type ReplayedRun =
  | { readonly runId: string; readonly outcome: 'known' }
  /** The journal has not got it, and this spool does not put it back: it may be no more than a part of it. */
  | { readonly runId: string; readonly outcome: 'leaving' }
  | {
      readonly runId: string
      /** `resent`: the journal held the claims; `restored`: it lacked records, or the run. */
      readonly outcome: 'resent' | 'restored'
      readonly addedCount: number
      /** Steps that have run and whose results no spool had: they run again. */
      readonly lost: readonly string[]
      /** Steps with results that wait for what other spools know. */
      readonly waiting: readonly string[]
    }
  /** Its definition is in no spool and not in the journal: what is known of it stays in the spool. */
  | { readonly runId: string; readonly outcome: 'no-definition'; readonly definition: string }
  | { readonly runId: string; readonly outcome: 'failed'; readonly error: unknown }

/** Somebody else writes to the run, which ends. */
const TRIES_MAX = 50

/**
 * Tells a journal what a spool knows. Safe to repeat, and by any number of processes at once: each writes what it has found
 * missing, fenced by the number of records it has seen.
 */
export async function replaySpool(parts: ReplayParts, mode: ReplayMode): Promise<readonly ReplayedRun[]> {
  const replayed: ReplayedRun[] = []
  const runs = [...(await parts.spool.runs())]
  await Promise.all(
    Array.from({ length: RUNS_AT_ONCE }, async () => {
      for (let run = runs.pop(); run !== undefined; run = runs.pop()) replayed.push(await replayRun(parts, run, mode))
    }),
  )
  return replayed
}

/** Enough to hide the journal's latency. */
const RUNS_AT_ONCE = 32

async function replayRun(parts: ReplayParts, run: SpooledRunKey, mode: ReplayMode): Promise<ReplayedRun> {
  const { runId } = run
  try {
    const spooled = await parts.spool.read(runId)
    return spooled === null
      ? { runId, outcome: 'known' }
      : await replaySpooled(parts, spooled, { mode, isLeaving: run.leavingAtMs !== null })
  } catch (error) {
    return { runId, outcome: 'failed', error }
  }
}

async function replaySpooled(
  parts: ReplayParts,
  spooled: SpooledRun,
  { mode, isLeaving }: { readonly mode: ReplayMode; readonly isLeaving: boolean },
): Promise<ReplayedRun> {
  const { journal } = parts
  const { runId } = spooled.header
  let loaded = await journal.load(runId)
  if (mode === 'resend' && (loaded === null || isOver(loaded.header.status))) return { runId, outcome: 'known' }
  if (loaded === null && isLeaving) return { runId, outcome: 'leaving' }
  const definition = loaded?.header.definition ?? spooled.header.definition // the run may have been migrated
  const isSpooled = definition === spooled.header.definition
  const text = (isSpooled ? spooled.definitionText : null) ?? (await journal.definition(definition))
  if (text === null) return { runId, outcome: 'no-definition', definition }
  const plan = parts.planOf(definition, text)
  const merge = (): MergedRun =>
    mergeRun(plan, loaded, spooled, {
      isLast: mode === 'last',
      nowMs: parts.nowMs ?? Infinity,
    })
  let merged = merge()
  let addedCount = 0
  const held = mode === 'resend' ? merged.held : merged.held.filter((facts) => !waits(facts))
  if (loaded !== null && held.length > 0 && (await resend(parts, plan, held))) {
    const before = loaded.records.length
    loaded = await journal.load(runId)
    addedCount = (loaded?.records.length ?? before) - before
    merged = merge()
  }
  const { waiting, lost } = merged
  if (mode === 'resend' || merged.addedCount === 0)
    return addedCount === 0 && waiting.length === 0
      ? { runId, outcome: 'known' }
      : { runId, outcome: 'resent', addedCount, lost, waiting }
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    if (merged.addedCount === 0) return { runId, outcome: 'known' } // others were quicker
    const restored = await restore(parts, plan, merged, loaded)
    if (restored !== null)
      return {
        runId,
        outcome: 'restored',
        addedCount: addedCount + merged.addedCount,
        lost: merged.lost,
        waiting: merged.waiting,
      }
    loaded = await journal.load(runId)
    merged = merge()
  }
  throw new Error(`run ${runId} is written to all the time`)
}

/** A wait counts from when it began; told to the journal it would begin anew, after what is known to have come of it. */
function waits({ settled }: ClaimFacts): boolean {
  return settled?.settlement.kind === 'wait'
}

/** What came of claims that the journal holds. @returns whether it took anything */
async function resend({ journal, onReady }: ReplayParts, plan: Plan, held: readonly ClaimFacts[]): Promise<boolean> {
  let isTaken = false
  for (const { claim, notes, settled } of held) {
    for (const { note } of notes) isTaken = (await journal.append(claim, note)).outcome === 'appended' || isTaken
    const node = stepNode(plan, claim.stepId)
    if (settled === null || node === undefined) continue
    const { settlement } = settled
    const outcome = settledOutcome(node, settlement)
    const edges = outcome === null ? [] : edgesOf(plan, node, outcome)
    const reply = await journal.settle({ claim, rank: node.index, settlement, edges, next: null })
    if (reply.outcome === 'stale') continue
    isTaken = true
    await onReady(plan, claim.runId, reply)
  }
  return isTaken
}

async function restore(
  { journal, onReady }: ReplayParts,
  plan: Plan,
  { start, records }: MergedRun,
  loaded: LoadedRun | null,
): Promise<true | null> {
  const reply = await journal.restore({ start, records, replaces: loaded?.records.length ?? null }, plan)
  if (reply.outcome === 'refused') return null
  await onReady(plan, start.runId, reply)
  return true
}
