import { isServedBy, type PlanNode } from '@agentloom/workflow'
import type { StepFold } from '../fold/step-fold.ts'
import type { JournalRecord } from '../journal/record.ts'
import type { Wait } from '../ports/journal.ts'
import { mendOf } from '../ports/park-reason.ts'
import { poolOf } from '../schedule/pools.ts'
import type { Facts, RunTree } from './facts.ts'
import { momentText, type Reason, type WaitCause } from './explanation.ts'

export interface StepAt {
  readonly tree: RunTree
  readonly node: PlanNode
  readonly fold: StepFold | undefined
  /** Ids of the steps before it that are not resolved. */
  readonly before: readonly string[]
  /** Steps of the run that are in flight. */
  readonly inFlight: number
  /** Name by which people reach it from the run at the top. */
  readonly path: string
  /** The run at the top, which commands name. */
  readonly rootRunId: string
}

const NOTHING = { heldBy: null, sinceMs: null, untilMs: null, command: null }

function reason(cause: WaitCause, text: string, more: Partial<Reason> = {}): Reason {
  return { ...NOTHING, cause, text, ...more }
}

export function explainStep(step: StepAt, facts: Facts): Reason {
  const { fold, before } = step
  if (fold?.wait != null) return explainWait(step, fold.wait, facts)
  if (fold?.status === 'running') return explainWork(step, fold, facts)
  if (fold?.status === 'backoff') {
    const message = fold.error === null ? '' : `: ${fold.error.message}`
    const until = fold.retryAtMs === null ? '' : ` until ${momentText(fold.retryAtMs)}`
    return reason('back-off', `waits${until} to be tried again after attempt ${fold.failures} failed${message}`, {
      untilMs: fold.retryAtMs,
    })
  }
  if (fold === undefined && before.length > 0) return reason('dependencies', `comes after ${listed(before)}`)
  return explainReady(step, facts)
}

function explainWait({ tree, node, fold, path, rootRunId }: StepAt, wait: Wait, facts: Facts): Reason {
  const since = lastAtMs(tree, node.id, 'waiting')
  const untilMs = fold?.untilMs ?? null
  const until = untilMs === null ? '' : ` until ${momentText(untilMs)}`
  switch (wait.kind) {
    case 'gate':
      return reason('gate', `waits for a decision${until}`, {
        sinceMs: since,
        untilMs,
        command: `agentloom approve ${rootRunId} ${path}`,
      })
    case 'timer':
      return reason('timer', `sleeps${until}`, { sinceMs: since, untilMs })
    case 'signal':
      return reason('signal', `waits for the signal ${JSON.stringify(wait.name)}${until}`, {
        sinceMs: since,
        untilMs,
        command: `agentloom signal ${rootRunId} ${wait.name}`,
      })
    case 'child': {
      const child = tree.children.get(node.id)
      const status = child === undefined ? 'not to be found' : child.loaded.header.status
      return reason('child-run', `waits for its child run ${wait.runId}, which is ${status}`, {
        sinceMs: since,
        untilMs: facts.dueAtMs(tree.loaded.header.runId, node.id),
      })
    }
    case 'parked': {
      const evidence = wait.reason === 'quarantined' ? evidenceOf(tree, node.id) : ''
      const check = untilMs === null ? '' : `; it looks again at ${momentText(untilMs)}`
      return reason('parked', `is parked as ${wait.reason}: ${wait.message}${evidence}${check}`, {
        sinceMs: since,
        untilMs,
        command: mendOf(wait.reason, rootRunId, path),
      })
    }
    default:
      return wait satisfies never
  }
}

function explainWork({ tree, node, fold, rootRunId }: StepAt, { epoch }: StepFold, facts: Facts): Reason {
  const { runId } = tree.loaded.header
  const claim = tree.loaded.records.findLast(
    (record) => record.kind === 'claimed' && record.stepId === node.id && record.epoch === epoch,
  )
  const worker = claim?.kind === 'claimed' ? claim.worker : 'somebody'
  const sinceMs = claim?.atMs ?? null
  if (facts.workers === null) {
    if (facts.owner === null)
      return reason('nobody', 'was at work when its process ended', {
        sinceMs,
        command: `agentloom resume ${rootRunId}`,
      })
    return reason('at-work', `is at work since ${at(sinceMs)} in ${facts.owner}`, { heldBy: facts.owner, sinceMs })
  }
  const untilMs = facts.dueAtMs(runId, node.id)
  const lease = untilMs === null ? '' : `, with a lease until ${momentText(untilMs)}`
  const found = facts.workers.findLast((one) => one.worker === worker)
  const isGone = found === undefined ? untilMs !== null && untilMs < facts.nowMs : found.isSilent
  const deaths = fold === undefined || fold.deaths === 0 ? '' : `; workers that died with it before: ${fold.deaths}`
  if (isGone) {
    const heard = found === undefined ? 'is gone' : `was last heard of at ${momentText(found.beatAtMs)}`
    const who = facts.workers.some(({ isSilent }) => !isSilent) ? 'another takes it over within seconds' : NO_WORKER
    return reason('worker-gone', `was at work on ${worker}, which ${heard}; ${who}`, {
      heldBy: worker,
      sinceMs,
      untilMs,
      command: who === NO_WORKER ? 'agentloom worker' : null,
    })
  }
  return reason('at-work', `is at work on ${worker} since ${at(sinceMs)}${lease}${deaths}`, {
    heldBy: worker,
    sinceMs,
    untilMs,
  })
}

const NO_WORKER = 'there is no worker that could take it over'

function explainReady({ tree, node, inFlight, rootRunId }: StepAt, facts: Facts): Reason {
  const { plan, loaded } = tree
  const { runId } = loaded.header
  if (facts.workers === null) {
    if (facts.owner === null)
      return reason('nobody', 'is ready, and no process has the run', { command: `agentloom resume ${rootRunId}` })
    return reason('queued', `is ready, and waits for a place in ${facts.owner}`, { heldBy: facts.owner })
  }
  const pool = poolOf(plan, node.id)
  const ofPool = facts.workers.filter(({ isSilent, pools }) => !isSilent && pools.includes(pool))
  const named = pool === 'default' ? '' : ` --queues ${pool}`
  if (ofPool.length === 0)
    return reason('no-worker', `is ready, and no worker serves the pool ${pool}`, {
      command: `agentloom worker${named}`,
    })
  const { step } = node
  if (step.type === 'function') {
    const { handler } = step
    const hasIt = ofPool.some(({ handlers }) => handlers.some((name) => isServedBy(handler, name)))
    if (!hasIt)
      return reason('no-handler', `is ready, and no worker of the pool ${pool} has the function ${handler}`, {
        command: `agentloom worker${named} --functions FILE`,
      })
  }
  const cap = plan.config.maxConcurrentSteps
  if (inFlight >= cap) return reason('cap', `waits for one of the ${cap} steps that the run may have in flight`)
  const full = facts.fullKeys[0]
  if (full !== undefined)
    return reason(
      'key-full',
      `waits for one of the ${full.limit} slots of the key ${full.key}, held by ${listed(full.holders)}`,
    )
  const ahead = facts.queued(pool)
  const behind = ahead === null || ahead <= 1 ? '' : `, where ${ahead} jobs wait`
  return reason(
    'queued',
    `is ready, and waits for a place on one of ${ofPool.length} workers of the pool ${pool}${behind}`,
    {
      untilMs: facts.dueAtMs(runId, node.id),
    },
  )
}

/** Which workers died with the step, and when. */
function evidenceOf({ loaded: { records } }: RunTree, stepId: string): string {
  const from = records.findLastIndex(
    (record) =>
      (record.kind === 'woken' && record.stepId === stepId && record.wake.kind === 'unparked') ||
      (record.kind === 'reopened' && record.stepIds.includes(stepId)),
  )
  const deaths = records.slice(from + 1).flatMap((record) => {
    if (record.kind !== 'died' || record.stepId !== stepId) return []
    const claim = records.findLast(
      (one) => one.kind === 'claimed' && one.stepId === stepId && one.epoch === record.epoch,
    )
    return [`${claim?.kind === 'claimed' ? claim.worker : 'somebody'} at ${momentText(record.atMs)}`]
  })
  return deaths.length === 0 ? '' : ` (${deaths.join(', ')})`
}

function lastAtMs({ loaded }: RunTree, stepId: string, kind: JournalRecord['kind']): number | null {
  return loaded.records.findLast((one) => one.kind === kind && 'stepId' in one && one.stepId === stepId)?.atMs ?? null
}

function at(ms: number | null): string {
  return ms === null ? 'some time' : momentText(ms)
}

const NAMES_MAX = 5

export function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_MAX).join(', ')
  return names.length > NAMES_MAX ? `${shown} and ${names.length - NAMES_MAX} more` : shown
}
