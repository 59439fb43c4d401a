import type { RunStatus, RunView, StepView } from '@agentloom/engine'
import { MemoryRuntime } from '@agentloom/engine/testing'
import { compileYaml, type ErrorInfo, isWorkflow, type Plan, toPlain, type Workflow } from '@agentloom/workflow'
import { type Answers, answeringModels, type ModelQuestion } from './answers.ts'
import { functionsFor, type Handlers, type Tools, toolsOf } from './doubles.ts'
import { TestRunError } from './errors.ts'
import { settleWithPatience } from './patience.ts'

export interface TestRunOptions<Input = unknown> {
  /** Laid over the workflow's state; checked where the workflow declares its input. */
  readonly input?: Input
  /** By step id. A step without one fails with `testing/no-answer`, unless the workflow's mock has recorded one. */
  readonly answers?: Answers
  /** By name, in the place of the workflow's own. A function without one fails with `testing/no-function`. */
  readonly functions?: Handlers
  /** By name. A tool without one fails with `testing/no-tool`: the real ones would touch files and networks. */
  readonly tools?: Tools
  /** Real milliseconds in which nothing happens, before a waiting function or tool meets its step's deadline. Default 500. */
  readonly patienceMs?: number
}

export interface TestedStep {
  readonly status: StepView['status']
  readonly output: unknown
  readonly error: ErrorInfo | null
  readonly attempts: number
  readonly tokens: number
  readonly costUsd: number
}

/** How a test's run ended. Plain values. */
export interface TestedRun<Outputs = Readonly<Record<string, unknown>>> {
  readonly status: RunStatus
  /** By id; a step that was never decided is not there. */
  readonly steps: Readonly<Record<string, TestedStep>>
  readonly state: Readonly<Record<string, unknown>>
  /** What `defineWorkflow` returned, by name, null where a step was skipped; of other workflows, the steps' outputs by id. */
  readonly outputs: Outputs
  readonly error: ErrorInfo | null
  /** What models were asked, in order. */
  readonly questions: readonly ModelQuestion[]
  readonly tokens: number
  readonly costUsd: number
  /** Virtual milliseconds, the waits between retries included. */
  readonly durationMs: number
}

const PATIENCE_MS = 500
const NANO_PER_USD = 1e9

/**
 * Runs a workflow in this process: the real engine, no network, no disk, and time that does not make anyone wait.
 * @param workflow built by `defineWorkflow`, compiled, or YAML text
 * @throws {WorkflowError} the text does not load
 * @throws {TestRunError} `testing/unknown-name` for answers of steps and functions that the workflow does not have, `testing/input`
 * @throws {StartOptionError} `run/bad-option` for input that is no mapping
 */
export async function testRun<Input, Outputs>(
  workflow: Workflow<Input, Outputs>,
  options?: TestRunOptions<Input>,
): Promise<TestedRun<Outputs>>
export async function testRun(workflow: Plan | string, options?: TestRunOptions): Promise<TestedRun>
export async function testRun(
  workflow: Workflow | Plan | string,
  options: TestRunOptions = {},
): Promise<TestedRun<unknown>> {
  const built = isWorkflow(workflow) ? workflow : null
  const plan = planOf(workflow)
  const { answers = {}, functions = {}, tools = {}, patienceMs = PATIENCE_MS } = options
  checkNames(plan, answers, functions)
  const questions: ModelQuestion[] = []
  const runtime = new MemoryRuntime({
    models: answeringModels(answers, questions),
    functions: functionsFor(plan, functions, built?.functions ?? []),
    tools: toolsOf(tools),
    walks: plan.config.maxConcurrentSteps,
  })
  await runtime.start(plan, inputOf(built, options.input))
  await settleWithPatience(runtime, patienceMs)
  return resultOf(await runtime.view(plan), questions, built?.outputs ?? null)
}

function planOf(workflow: Workflow | Plan | string): Plan {
  if (typeof workflow === 'string') return compileYaml(workflow).plan
  return isWorkflow(workflow) ? workflow.plan : workflow
}

/** A test whose answer nobody asks for would pass for the wrong reason. */
function checkNames(plan: Plan, answers: Answers, functions: Handlers): void {
  const askers = plan.nodes.flatMap(({ id, step }) => (step.type === 'llm_call' ? [id] : []))
  const handlers = plan.nodes.flatMap(({ step }) => (step.type === 'function' ? [step.handler] : []))
  refuseUnknown('answers', Object.keys(answers), { known: askers, what: 'no step that asks a model is called' })
  refuseUnknown('functions', Object.keys(functions), { known: handlers, what: 'no step calls a function' })
}

function refuseUnknown(
  option: string,
  names: readonly string[],
  { known, what }: { readonly known: readonly string[]; readonly what: string },
): void {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const help = known.length === 0 ? 'the workflow has none' : `there are: ${[...new Set(known)].join(', ')}`
  throw new TestRunError('testing/unknown-name', `${what} '${unknown}'`, { place: `${option}.${unknown}`, help })
}

function inputOf(workflow: Workflow | null, input: unknown): unknown {
  if (workflow === null || workflow.input === null) return input
  const parsed = workflow.input.safeParse(input ?? {})
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = ['input', ...(issue?.path ?? []).map(String)].join('.')
  throw new TestRunError('testing/input', `input of ${workflow.name}: ${issue?.message ?? 'unreadable'}`, { place })
}

function resultOf(
  view: RunView,
  questions: readonly ModelQuestion[],
  names: readonly string[] | null,
): TestedRun<unknown> {
  const steps = record(view.steps.map((step) => [step.id, stepOf(step)]))
  const state = record(Object.entries(view.state).map(([key, value]) => [key, toPlain(value)]))
  return {
    status: view.status,
    steps,
    state,
    outputs:
      names === null
        ? record(view.steps.map(({ id, output }) => [id, toPlain(output)]))
        : record(names.map((name) => [name, state[name] ?? null])),
    error: view.error,
    questions,
    tokens: view.tokens,
    costUsd: view.costNanoUsd / NANO_PER_USD,
    durationMs: view.durationMs,
  }
}

function stepOf({ status, output, error, attempts, tokens, costNanoUsd }: StepView): TestedStep {
  return { status, output: toPlain(output), error, attempts, tokens, costUsd: costNanoUsd / NANO_PER_USD }
}

/** Keys are users' names, so own properties only: `fromEntries` defines, it does not assign. */
function record<Item>(entries: readonly (readonly [string, Item])[]): Readonly<Record<string, Item>> {
  return Object.fromEntries(entries)
}
