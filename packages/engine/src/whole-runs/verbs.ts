import type { Plan, ValueMap } from '@agentloom/workflow'
import { RunNotFoundError } from '../journal/errors.ts'
import type { RestoreReply } from '../ports/whole-runs.ts'
import type { TreeParts } from '../walk/decide-gate.ts'
import { ForkError, MigrationRefusedError } from './errors.ts'
import { planFork } from './fork.ts'
import { planMigration, type MigrationProblem } from './migrate.ts'

export interface WholeRunParts extends TreeParts {
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export interface ForkRun {
  /** Of the new run. */
  readonly runId: string
  /** The step that runs again, whatever else has changed. */
  readonly from: string
  /** Laid over the run's state key by key. */
  readonly state?: ValueMap
  /** A changed workflow; default: the run's own. */
  readonly plan?: Plan
  /** Nothing is written: only what would be. */
  readonly isCheck?: boolean
}

export interface ForkReply {
  readonly runId: string
  /** Steps whose results are taken over at no cost, in the plan's order. */
  readonly kept: readonly string[]
  /** Steps that had a result and run again. */
  readonly again: readonly string[]
}

/**
 * Starts a new run with the results of another one; see `planFork`.
 * @throws {RunNotFoundError} {ForkError}
 */
export async function forkRun(parts: WholeRunParts, originId: string, fork: ForkRun): Promise<ForkReply> {
  const origin = await parts.journal.load(originId)
  if (origin === null) throw new RunNotFoundError(originId)
  const before = await parts.plans.get(origin.header.definition)
  const { runId, from, state = {}, plan = before, isCheck = false } = fork
  const { restore, kept, again } = planFork(origin, before, plan, { runId, from, state, nowMs: parts.now() })
  if (isCheck) return { runId, kept, again }
  const reply = await parts.journal.restore(restore, plan)
  if (reply.outcome === 'refused') throw ForkError.taken(runId)
  await follow(parts, plan, origin.header.priority, reply)
  return { runId, kept, again }
}

export interface MigrateReply {
  /** `same`: it follows this definition already. */
  readonly outcome: 'migrated' | 'compatible' | 'same'
  readonly from: string
  readonly to: string
}

/** How often a run that others write to meanwhile is looked at anew. */
const ATTEMPTS_MAX = 5

/**
 * Lets a run go on by another definition; a paused run stays paused.
 * @throws {RunNotFoundError} @throws {MigrationRefusedError} naming every reason; nothing has been changed
 */
export async function migrateRun(
  parts: WholeRunParts,
  runId: string,
  to: Plan,
  { isCheck = false }: { readonly isCheck?: boolean } = {},
): Promise<MigrateReply> {
  let problems: readonly MigrationProblem[] = []
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const loaded = await parts.journal.load(runId)
    if (loaded === null) throw new RunNotFoundError(runId)
    const from = await parts.plans.get(loaded.header.definition)
    const hashes = { from: from.hash, to: to.hash }
    const planned = planMigration(loaded, from, to, parts.now())
    if (planned.kind === 'same') return { outcome: 'same', ...hashes }
    if (planned.kind === 'refused') throw new MigrationRefusedError(runId, planned.problems)
    if (isCheck) return { outcome: 'compatible', ...hashes }
    const reply = await parts.journal.restore(planned.restore, to)
    if (reply.outcome === 'restored') {
      await follow(parts, to, loaded.header.priority, reply)
      return { outcome: 'migrated', ...hashes }
    }
    problems = [{ kind: 'in-flight', stepId: null, field: null, message: 'it is at work: pause the run first' }]
  }
  throw new MigrationRefusedError(runId, problems)
}

async function follow(
  { follower }: WholeRunParts,
  plan: Plan,
  priority: number,
  { offers, undecided }: Extract<RestoreReply, { outcome: 'restored' }>,
): Promise<void> {
  await follower.ring({ plan, priority }, offers)
  await follower.decide({ plan, priority }, undecided)
}
