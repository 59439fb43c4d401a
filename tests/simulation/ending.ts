import { foldSteps, isChildRun, viewRun, type LoadedRun } from '@agentloom/engine'
import { interpretOver, type StepEnd } from '@agentloom/engine/testing'
import {
  CLEANUP_STEP,
  isBroken,
  isMapping,
  parseValue,
  renderTemplate,
  resolveArgument,
  toPlain,
  writeValue,
  type FunctionStep,
  type Plan,
  type PlanNode,
  type ValueMap,
} from '@agentloom/workflow'
import { outputOf } from './scripted.ts'
import { demand } from './violation.ts'

/**
 * Whether a run that ran to its end gives what the sequential interpreter gives over the same results (I5). What a step itself
 * gives is taken from the journal and compared with its script and with the state that it ought to have seen.
 */
export function checkEnding(plan: Plan, loaded: LoadedRun): void {
  if (hasTurned(loaded)) return
  const { header, records } = loaded
  const { runId } = header
  const folds = foldSteps(runId, records)
  const fails = (message: string): never => {
    demand(false, 'I5', () => `${runId}: ${message}`)
    throw new Error('unreachable')
  }
  const endOf = (node: PlanNode, before: ValueMap): StepEnd => {
    const fold = folds.get(node.id)
    if (fold === undefined) return fails(`${node.id} is to run and has not`)
    const { status, error } = fold
    const left = fold.output === null ? {} : { output: parseValue(fold.output) }
    if (status === 'skipped' && isCleanupOf(runId)) return { status }
    if (status === 'failed' || status === 'timeout') {
      if (status === 'failed' && !mayFail(node)) return fails(`${node.id} is to succeed and failed: ${error?.message}`)
      return { status, ...left, ...(error === null ? {} : { error: error.message }) }
    }
    if (status !== 'success') return fails(`${node.id} is to run and is ${status}`)
    const expected = expectedOutput(node, before)
    if (expected !== null && fold.output !== expected) return fails(`${node.id} gave ${fold.output}, not ${expected}`)
    return { status, ...left }
  }
  const input = parseValue(header.input)
  const reference = interpretOver(plan, isMapping(input) ? input : {}, endOf)
  const view = viewRun(plan, loaded)
  const same = (what: string, found: unknown, expected: unknown): void => {
    const [left, right] = [JSON.stringify(found), JSON.stringify(expected)]
    if (left !== right) fails(`${what}: ${left}, by the reference ${right}`)
  }
  const steps = view.steps.filter(({ id }) => id !== CLEANUP_STEP)
  same(
    'steps',
    steps.map(({ id, status, error }) => ({ id, status, error: error?.message ?? null })),
    reference.steps,
  )
  same('state', toPlain(view.state), toPlain(reference.state))
  const isCleanFailure = header.status === 'failed' && reference.status === 'success' // its cleanup failed
  if (isCleanFailure && folds.get(CLEANUP_STEP)?.status === 'failed') return
  same('status', header.status, reference.status)
  same('error', header.error?.message ?? null, reference.error)
}

/** A step failed, and succeeded when the run was reopened: what had followed from its failure stays (scheduling.md rule 11). */
function hasTurned({ header, records }: LoadedRun): boolean {
  const folds = foldSteps(header.runId, records)
  return records.some(
    (record) => record.kind === 'reopened' && record.stepIds.some((stepId) => folds.get(stepId)?.status === 'success'),
  )
}

function isCleanupOf(runId: string): boolean {
  return isChildRun(runId) && /\.finally(~\d+)?$/.test(runId)
}

function mayFail({ step }: PlanNode): boolean {
  if (step.type === 'foreach') return isBroken(step.body) || step.body.type !== 'function' || failsForGood(step.body)
  return step.type === 'function' ? failsForGood(step) : step.type !== 'sleep' && step.type !== 'router'
}

function failsForGood({ input, retry }: FunctionStep): boolean {
  const argument = input['fails']
  const fails = argument === undefined || isBroken(argument) ? 0 : Number(resolveArgument(argument, {}))
  return fails === -1 || fails > retry.retriesMax
}

/** The JSON text that a step that succeeds is to give; null where the journal alone can tell. */
function expectedOutput({ id, step }: PlanNode, before: ValueMap): string | null {
  switch (step.type) {
    case 'function': {
      const argument = step.input['saw']
      const saw = argument === undefined || isBroken(argument) ? null : resolveArgument(argument, before)
      return writeValue(outputOf(nameIn(step), toPlain(saw)))
    }
    case 'router':
      return writeValue(step.defaultTarget)
    case 'sleep':
      return 'null'
    case 'llm_call':
      return step.prompt === null || isBroken(step.prompt)
        ? null
        : writeValue(outputOf(id, renderTemplate(step.prompt, before)))
    case 'foreach':
    case 'approval_gate':
    case 'wait_for':
    case 'subworkflow':
    case 'tool':
      return null
    default:
      return step satisfies never
  }
}

/** The name by which a function speaks: a compensation has another than its step. */
function nameIn({ input }: FunctionStep): string {
  const argument = input['id']
  return argument === undefined || isBroken(argument) ? '' : String(resolveArgument(argument, {}))
}
