import { foldSteps } from '../fold/step-fold.ts'
import { isOver } from '../journal/run-state.ts'
import type { RunHeader } from '../ports/journal.ts'
import { outcomeOf } from '../schedule/standing.ts'
import { nodeAt } from '../schedule/verdicts.ts'
import { stepNode } from '../walk/cleanup-node.ts'
import { CLEANUP_STEP, type PlanNode } from '@agentloom/workflow'
import { explainStep } from './explain-step.ts'
import { momentText, type Explanation, type Reason, type StepReason, type WaitCause } from './explanation.ts'
import type { Facts, RunTree } from './facts.ts'

/** Why a run waits, or that it works, or how it ended. Pure: the same records and facts, the same answer. */
export function explainRun(tree: RunTree, facts: Facts): Explanation {
  const { runId, workflow, status } = tree.loaded.header
  const base = { runId, workflow, status }
  const whole = explainWhole(tree, runId)
  if (whole !== null && isOver(status)) return told(base, whole, [])
  const steps = explainSteps(tree, facts, { prefix: '', rootRunId: runId })
  if (whole !== null) return told(base, whole, steps)
  const [first] = steps.toSorted((a, b) => RANKS.indexOf(a.cause) - RANKS.indexOf(b.cause))
  if (first === undefined) return told(base, { ...NOTHING, cause: 'queued', text: 'is about to begin' }, steps)
  const { path, ...own } = first
  const { cause, heldBy, sinceMs, untilMs, command } = own
  return told(base, { cause, text: `step ${path} ${own.text}`, heldBy, sinceMs, untilMs, command }, steps)
}

/** A run whose records only a newer version can read. */
export function explainNewerFormat(runId: string, message: string): Explanation {
  const reason: Reason = { ...NOTHING, cause: 'newer-format', text: `was written by a newer version: ${message}` }
  return told({ runId, workflow: null, status: null }, reason, [])
}

const NOTHING = { heldBy: null, sinceMs: null, untilMs: null, command: null }

/** What speaks for a run first: who is needed before what time brings; work in progress stands for the run while there is some. */
const RANKS: readonly WaitCause[] = [
  'at-work',
  'worker-gone',
  'no-worker',
  'no-handler',
  'awaiting_budget',
  'paused',
  'parked',
  'gate',
  'nobody',
  'key-full',
  'cap',
  'queued',
  'back-off',
  'signal',
  'timer',
  'child-run',
  'dependencies',
]

function told(
  base: Pick<Explanation, 'runId' | 'workflow' | 'status'>,
  reason: Reason,
  steps: readonly StepReason[],
): Explanation {
  const is = base.status === null ? '' : ` is ${base.status}`
  const join = base.status === null ? ' ' : ': '
  const mend = reason.command === null ? '' : ` · ${reason.command}`
  return { ...base, ...reason, sentence: `run ${base.runId}${is}${join}${reason.text}${mend}`, steps }
}

/** What is so of the run as a whole, whatever its steps do. */
function explainWhole({ loaded: { header, records } }: RunTree, rootRunId: string): Reason | null {
  if (isOver(header.status)) return explainEnd(header)
  const last = records.findLast(({ kind }) => kind === 'paused' || kind === 'reopened' || kind === 'closing')
  if (last?.kind !== 'paused') return null
  const isBudget = last.reason === 'awaiting_budget'
  return {
    ...NOTHING,
    cause: isBudget ? 'awaiting_budget' : 'paused',
    text: isBudget
      ? `its budget is spent since ${momentText(last.atMs)}`
      : `somebody holds it since ${momentText(last.atMs)}: ${last.reason}`,
    sinceMs: last.atMs,
    command: `agentloom resume ${rootRunId}${isBudget ? ' --budget USD' : ''}`,
  }
}

function explainEnd({ runId, status, error, updatedAtMs }: RunHeader): Reason {
  const why = error === null ? '' : `, ${error.code}: ${error.message}`
  const resume = `agentloom resume ${runId}`
  const command =
    status === 'budget_exceeded'
      ? `${resume} --budget USD`
      : status === 'failed' || status === 'timeout'
        ? resume
        : null
  return {
    ...NOTHING,
    cause: 'ended',
    text: `it ended at ${momentText(updatedAtMs)}${why}`,
    sinceMs: updatedAtMs,
    command,
  }
}

interface At {
  readonly prefix: string
  readonly rootRunId: string
}

function explainSteps(tree: RunTree, facts: Facts, { prefix, rootRunId }: At): readonly StepReason[] {
  const { plan, loaded } = tree
  const { runId } = loaded.header
  const folds = foldSteps(runId, loaded.records)
  const isDone = (node: PlanNode): boolean => outcomeOf(node, folds.get(node.id)) !== null
  const inFlight = [...folds.values()].filter(({ status, wait }) => status === 'running' && wait === null).length
  const isClosing = loaded.records.findLast(({ kind }) => kind === 'closing' || kind === 'reopened')?.kind === 'closing'
  const cleanup = stepNode(plan, CLEANUP_STEP)
  const nodes = isClosing && cleanup !== undefined ? [cleanup] : plan.nodes.filter((node) => !isDone(node))
  return nodes.flatMap((node) => {
    const path = `${prefix}${node.id}`
    const before = node.sources.map((index) => nodeAt(plan, index)).filter((source) => !isDone(source))
    const at = { tree, node, fold: folds.get(node.id), before: before.map(({ id }) => id), inFlight, path, rootRunId }
    const own: StepReason = { ...explainStep(at, facts), path, runId, stepId: node.id }
    const child = tree.children.get(node.id)
    if (child === undefined || isOver(child.loaded.header.status)) return [own]
    const whole = explainWhole(child, rootRunId)
    const held = whole && {
      ...own,
      ...whole,
      text: `waits for its child run ${child.loaded.header.runId}: ${whole.text}`,
    }
    return [held ?? own, ...explainSteps(child, facts, { prefix: `${path}.`, rootRunId })]
  })
}

/** Steps that the store may be asked about, for {@link Facts.dueAtMs}. */
export function openSteps(tree: RunTree): readonly { readonly runId: string; readonly stepId: string }[] {
  const { header, records } = tree.loaded
  const open = [...foldSteps(header.runId, records)].filter(
    ([, { status }]) => status === 'running' || status === 'ready' || status === 'parked' || status === 'paused',
  )
  const own = open.map(([stepId]) => ({ runId: header.runId, stepId }))
  return [...own, ...[...tree.children.values()].flatMap(openSteps)]
}
