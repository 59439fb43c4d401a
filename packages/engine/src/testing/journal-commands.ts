import assert from 'node:assert/strict'
import { NO_USAGE, type JournalRecord } from '../journal/record.ts'
import type {
  Claim,
  ClaimStep,
  ClaimedStep,
  Edge,
  Journal,
  Offer,
  ReopenRun,
  RunStatus,
  SettleReply,
  Settlement,
  StartRun,
  StepRank,
  Verdicts,
  Wait,
} from '../ports/journal.ts'

/** Short ways to say commands, for tests of journals. The run is `run`, the worker `w`. */

const ADMITTED: Verdicts = { cause: null, voted: null, chosen: false, admitted: true }

export const VOTED_AGAINST: Verdicts = { cause: null, voted: 0, chosen: false, admitted: false }

export function startOf(shape: {
  readonly steps: number
  readonly roots?: readonly string[]
  readonly cap?: number
}): StartRun {
  const { steps, roots = ['a'], cap = null } = shape
  return {
    runId: 'run',
    workflow: 'wf',
    definition: 'd'.repeat(64),
    definitionText: '{"a definition":"ä"}',
    input: '{"n":1}',
    tenant: null,
    priority: 0,
    tags: [],
    timeoutMs: null,
    budgetNanoUsd: null,
    stepCount: steps,
    cap,
    roots: roots.map((stepId, rank) => ({ stepId, rank })),
    parent: null,
    cleanup: null,
    pools: { byDefault: 'default', others: [] },
    concurrency: null,
  }
}

export function offered(stepId: string, runId = 'run'): Offer {
  return { runId, stepId, epoch: 0 }
}

interface ClaimOptions {
  readonly nonce?: string
  readonly reads?: readonly string[]
  readonly runId?: string
  readonly acceptsSuspect?: boolean
}

export function heldBy(
  stepId: string,
  { nonce = `n-${stepId}`, reads = [], runId = 'run', acceptsSuspect = true }: ClaimOptions = {},
): ClaimStep {
  return {
    offer: offered(stepId, runId),
    nonce,
    worker: 'w',
    leaseMs: 10_000,
    reads,
    isDecided: false,
    acceptsSuspect,
  }
}

export async function claimed(journal: Journal, stepId: string, options: ClaimOptions = {}): Promise<ClaimedStep> {
  const reply = await journal.claim(heldBy(stepId, options))
  assert.ok(reply.outcome === 'claimed', `claim of ${stepId}: ${JSON.stringify(reply)}`)
  const { claim, attempt, visit, wake, outputs } = reply
  return { claim, attempt, visit, wake, outputs }
}

export async function settled(
  journal: Journal,
  claim: Claim,
  settlement: Settlement,
  edges: readonly Edge[],
  rank = 0,
): Promise<Exclude<SettleReply, { outcome: 'stale' }>> {
  const reply = await journal.settle({ claim, rank, settlement, edges, next: null })
  assert.ok(reply.outcome === 'settled', `settlement of ${claim.stepId} is stale`)
  return reply
}

export function edge(
  stepId: string,
  shape: { readonly inDegree?: number; readonly verdicts?: Verdicts; readonly rank?: number } = {},
): Edge {
  const { inDegree = 1, verdicts = ADMITTED, rank = 2 } = shape
  return { to: { stepId, rank }, inDegree, verdicts }
}

export function oneEdge(stepId: string): readonly Edge[] {
  return [edge(stepId)]
}

export function success(output: string): Extract<Settlement, { kind: 'success' }> {
  return { kind: 'success', output, usage: NO_USAGE }
}

export function failure(message: string): Settlement {
  return { kind: 'failed', error: { code: 'step/threw', message, place: null, help: null }, usage: NO_USAGE }
}

export function retry(delayMs: number): Settlement {
  return {
    kind: 'retry',
    status: 'failed',
    error: { code: 'step/threw', message: 'again', place: null, help: null },
    usage: NO_USAGE,
    delayMs,
  }
}

export function waiting(wait: Wait): Extract<Settlement, { kind: 'wait' }> {
  return { kind: 'wait', wait, usage: NO_USAGE }
}

/** The child run `<parent>.<step>`, of one step `a`. */
export function childOf(stepId: string, parent = 'run'): StartRun {
  const rootRunId = parent.split('.')[0] ?? parent
  return { ...startOf({ steps: 1 }), runId: `${parent}.${stepId}`, parent: { runId: parent, stepId, rootRunId } }
}

/** Goes on with a run of which nothing is reopened or ready. */
export async function reopening(journal: Journal, runId = 'run'): Promise<ReopenRun> {
  const recordCount = (await journal.load(runId))?.records.length ?? 0
  const nothing = { reopened: [], counted: [], spread: [], ready: [], unresolvedCount: 1 }
  return { runId, recordCount, reason: 'resume', ...nothing, budgetNanoUsd: null, timeoutMs: null }
}

export async function statusOf(journal: Journal, runId = 'run'): Promise<RunStatus | null> {
  return (await journal.header(runId))?.status ?? null
}

export async function kindsOf(journal: Journal, runId = 'run'): Promise<readonly JournalRecord['kind'][]> {
  return ((await journal.load(runId))?.records ?? []).map(({ kind }) => kind)
}

/** Of offers, undecided steps and obligations. */
export function idsOf(found: readonly object[]): readonly string[] {
  return found.flatMap((one) => ('stepId' in one && typeof one.stepId === 'string' ? [one.stepId] : []))
}

/** Lets a run go on with a step without dependencies, which runs again; `also` are steps that are only undecided again. */
export async function reopenStep(journal: Journal, stepId: string, also: readonly StepRank[] = []): Promise<void> {
  const verdicts = { cause: null, voted: null, chosen: false, admitted: false }
  const step = { stepId, rank: 0 }
  const reopened = [step, ...also].map((one) => ({ step: one, edgeCount: 0, verdicts }))
  const ready = [step]
  const reply = await journal.reopen({ ...(await reopening(journal)), reopened, ready, unresolvedCount: 1 })
  assert.equal(reply.outcome, 'reopened')
}
