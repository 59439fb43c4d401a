import { CLEANUP_STEP, type Plan } from '@agentloom/workflow'
import type { JournalRecord } from '../journal/record.ts'
import type { LoadedRun, RunHeader, StartRun } from '../ports/journal.ts'
import type { SpooledFact, SpooledRun } from '../ports/spool.ts'
import { restartCommand } from '../start.ts'
import { claimsOf, resolves, type ClaimFacts } from './claim-facts.ts'
import { RunPlayer } from './run-player.ts'

export interface MergeOptions {
  /** The store's clock: nothing has happened later, whatever a clock that was wrong for a while has said. Default: not known. */
  readonly nowMs?: number
  /**
   * Nobody will come with what is missing. Results are then kept although those that they stand on are lost, or although
   * their step was claimed again since. Until then they wait.
   */
  readonly isLast?: boolean
}

export interface MergedRun {
  readonly start: StartRun
  readonly records: readonly JournalRecord[]
  /** How many records the journal lacks. */
  readonly addedCount: number
  /** Claims that the journal holds, and of which the spool knows more: they can be told to it by their nonce. */
  readonly held: readonly ClaimFacts[]
  /** Steps with results that wait for what other spools know; merged again after those, they can be played. */
  readonly waiting: readonly string[]
  /** Steps that have run and whose results nobody has: they run again. */
  readonly lost: readonly string[]
}

/**
 * What a journal holds of a run, and what a spool knows of it, as one journal. Whatever prefix is left in the journal, and
 * however the run's claims are spread over spools: once all have been merged, no step that was committed is open (I1).
 * Within a visit the highest epoch wins; a result wins over a claim that came to nothing.
 */
export function mergeRun(
  plan: Plan,
  loaded: LoadedRun | null,
  spooled: SpooledRun,
  { nowMs = Infinity, isLast = false }: MergeOptions = {},
): MergedRun {
  const start = restartCommand(plan, limitsInForce(loaded?.header ?? null, spooled.header))
  const found = loaded ?? { header: spooled.header, records: [{ kind: 'started', atMs: spooled.header.createdAtMs }] }
  const player = new RunPlayer(plan, start, found, nowMs)
  const claims = claimsOf(spooled.facts)
  const held = claims.filter((claim) => player.isHeld(claim))
  const knownCount = player.records.length
  const [cleanups, steps] = partition(claims, ({ claim }) => claim.stepId === CLEANUP_STEP)
  const open = playRound(player, steps)
  const last = isLast ? playLast(player, { steps: open, cleanups: ofLastVisit(cleanups) }, spooled.facts) : null
  return {
    start,
    records: player.records,
    addedCount: loaded === null ? player.records.length : player.records.length - knownCount,
    held,
    waiting: (last?.left ?? [...open, ...cleanups]).filter(resolves).map(({ claim }) => claim.stepId),
    lost: [...new Set(last?.forced.flatMap((stepId) => player.openSourcesOf(stepId)))],
  }
}

interface Unplayed {
  readonly steps: readonly ClaimFacts[]
  /** Whether they were the last thing to happen shows only when all else has been played. */
  readonly cleanups: readonly ClaimFacts[]
}

interface Last {
  /** Steps whose results were kept although those of their sources are missing. */
  readonly forced: readonly string[]
  /** Comes after what other spools may know of the visits that begin now. */
  readonly left: readonly ClaimFacts[]
}

function playLast(player: RunPlayer, unplayed: Unplayed, facts: readonly SpooledFact[]): Last {
  const ends = facts.filter((fact) => fact.kind === 'ended')
  const forced: string[] = []
  let { steps, cleanups } = unplayed
  for (;;) {
    steps = playRound(player, steps)
    const stuck = firstToForce(player, steps)
    if (stuck !== undefined) {
      if (!player.isEarlier(stuck)) forced.push(stuck.claim.stepId)
      player.force(stuck)
      steps = steps.filter((claim) => claim !== stuck)
      continue
    }
    const later = steps.filter((claim) => player.isLater(claim))
    const untilMs = Math.min(...later.map(({ claim }) => claim.atMs)) // Infinity where there are none
    if (ends.some((end) => end.atMs <= untilMs && player.end(end))) continue
    if (later.length > 0) {
      player.reopen(later)
      return { forced, left: playRound(player, steps) }
    }
    const left = playRound(player, cleanups)
    if (left.length === cleanups.length) return { forced, left: [] }
    cleanups = left
  }
}

/** Of ends after which the run went on nothing is told: of them all only the last one stands. */
function ofLastVisit(claims: readonly ClaimFacts[]): readonly ClaimFacts[] {
  const last = Math.max(...claims.map(({ claim }) => claim.visit))
  return claims.filter(({ claim }) => claim.visit === last)
}

/** Until nothing more can be played. */
function playRound(player: RunPlayer, claims: readonly ClaimFacts[]): readonly ClaimFacts[] {
  let open = claims
  for (;;) {
    const left = open.filter((claim) => !player.play(claim))
    if (left.length === open.length) return left
    open = left
  }
}

/** Sources before what stands on them, as far as they are there. */
function firstToForce(player: RunPlayer, open: readonly ClaimFacts[]): ClaimFacts | undefined {
  const stuck = open.filter((facts) => resolves(facts) && !player.isLater(facts))
  const isFirst = ({ claim }: ClaimFacts): boolean => {
    const sources = player.openSourcesOf(claim.stepId)
    return !stuck.some((other) => sources.includes(other.claim.stepId))
  }
  return stuck.find(isFirst) ?? stuck[0]
}

/** Those of the header that was written last: a resume may have changed them. */
function limitsInForce(journal: RunHeader | null, spooled: RunHeader): RunHeader {
  if (journal === null) return spooled
  const { budgetNanoUsd, timeoutMs } = spooled.updatedAtMs > journal.updatedAtMs ? spooled : journal
  return { ...journal, budgetNanoUsd, timeoutMs }
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): readonly [Item[], Item[]] {
  const { first = [], rest = [] } = Object.groupBy(items, (item) => (isFirst(item) ? 'first' : 'rest'))
  return [first, rest]
}
