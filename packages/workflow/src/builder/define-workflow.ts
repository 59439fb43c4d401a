import type { z } from 'zod'
import { compileWorkflow } from '../compile/compile.ts'
import { WorkflowError } from '../diagnostics/workflow-error.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Definition, Plan } from '../plan/plan.ts'
import { fromPlain } from '../value/from-plain.ts'
import { isMapping, type ValueMap } from '../value/value.ts'
import type { FunctionDefinition } from './define-function.ts'
import { BuilderError } from './errors.ts'
import { initialStateOf } from './initial-state.ts'
import { type GivenInputs, type InputDeclarations, inputsAs, type InputsOf } from './inputs.ts'
import { Recorder } from './recorder.ts'
import { type AnyRef, makeRef, namedBy, type Referred } from './ref.ts'
import { asWritten, type ConfigOptions } from './settings.ts'
import type { ChildWorkflow, StepBuilder, WorkflowBuilder } from './steps.ts'

export interface WorkflowOptions<
  InputShape extends z.ZodRawShape,
  State extends object,
  Inputs extends InputDeclarations = Record<never, never>,
> {
  readonly name: string
  /** Free text; default '1.0'. */
  readonly version?: string
  readonly description?: string
  /**
   * What a run is given here, in TypeScript. One without a value for a key begins with the schema's default, else with what is
   * empty.
   */
  readonly input?: z.ZodObject<InputShape>
  /** What START accepts, from wherever it comes; it may then name nothing else. The format's own `inputs`. */
  readonly inputs?: Inputs
  /** Texts of files that the workflow names: of sub-workflows, and `responsesFile`. */
  readonly files?: { readonly [name: string]: string }
  /** More keys of the initial state. */
  readonly state?: State
  readonly config?: ConfigOptions
  /** Keys and globs of the state that are masked wherever it leaves the engine. */
  readonly redact?: readonly string[]
}

/** A workflow made by {@link defineWorkflow}: data, the same as its YAML form gives. */
export interface Workflow<Input = unknown, Output = unknown> extends ChildWorkflow<Input, Output> {
  readonly kind: 'agentloom.workflow'
  readonly name: string
  readonly definition: Definition
  readonly plan: Plan
  readonly warnings: readonly Diagnostic[]
  /** Parses what START is given, or null where nothing is declared. */
  readonly input: z.ZodType<unknown, Input> | null
  /** Names of the outputs: keys of the final state. */
  readonly outputs: readonly (keyof Output & string)[]
  /** The functions it calls, for workers and tests that run it in process. */
  readonly functions: readonly FunctionDefinition[]
}

/** What zod makes of an input; that of no declaration would forbid all keys. */
type Seen<InputShape extends z.ZodRawShape> = [keyof InputShape] extends [never]
  ? unknown
  : z.output<z.ZodObject<InputShape>>
type Given<InputShape extends z.ZodRawShape> = [keyof InputShape] extends [never]
  ? unknown
  : z.input<z.ZodObject<InputShape>>

/** Steps behind a router may be skipped, and null is what is then there. */
export type OutputsOf<Returned> = { readonly [Key in keyof Returned]: Referred<Returned[Key]> | null }

/**
 * Defines a workflow. `define` is called once, at once; it records steps and returns the outputs under the names that they
 * have in the final state. A step waits for every step whose output it refers to, and for the routers that may choose it.
 * @throws {BuilderError} for what a workflow cannot say
 * @throws {WorkflowError} for what the compiler refuses, and for references to what nothing writes
 */
export function defineWorkflow<
  Returned extends { readonly [name: string]: AnyRef },
  InputShape extends z.ZodRawShape = Record<never, never>,
  State extends object = Record<never, never>,
  const Inputs extends InputDeclarations = Record<never, never>,
>(
  options: WorkflowOptions<InputShape, State, Inputs>,
  define: (w: WorkflowBuilder<Seen<InputShape> & State & InputsOf<Inputs>>) => Returned,
): Workflow<Given<InputShape> & GivenInputs<Inputs>, OutputsOf<Returned>> {
  const { name, input = null, config, redact = [] } = options
  if (input !== null && options.inputs !== undefined) {
    throw new BuilderError('`input` and `inputs` exclude each other: declare all in one of them')
  }
  const shared = { functions: new Map(), files: new Map(Object.entries(options.files ?? {})) }
  const recorder = new Recorder(shared)
  const last = new Recorder(shared, recorder)
  const state = { ...initialStateOf(input), ...stateOf(options.state ?? {}) }
  const keys: Record<string, unknown> = {}
  for (const key of [...Object.keys(state), ...Object.keys(options.inputs ?? {})]) {
    keys[key] = makeRef({ stepId: null, path: [key] })
  }
  const builder = {
    ...stepsOf(recorder),
    input: keys,
    finally: (end: (f: StepBuilder) => void) => end(stepsOf(last) as unknown as StepBuilder),
  }
  // The recorder takes what the typed builder lets through; its methods do not repeat those types.
  const returned = define(builder as unknown as WorkflowBuilder<Seen<InputShape> & State & InputsOf<Inputs>>)
  const outputs = outputNames(returned)
  const workflow: ValueMap = {
    name,
    ...asWritten({ version: options.version, description: options.description }),
    ...(config !== undefined && { config: asWritten(config) }),
    ...(Object.keys(state).length > 0 && { state }),
    ...(redact.length > 0 && { state_schema: Object.fromEntries(redact.map((key) => [key, { redact: true }])) }),
    ...(options.inputs !== undefined && { inputs: inputsAs(options.inputs) }),
    steps: recorder.written(outputs),
    ...(!last.isEmpty && { finally: last.written(outputs) }),
  }
  const { compat = null } = config ?? {}
  const definition: Definition = { format: 1, workflow, compat, files: recorder.files }
  const { plan, warnings } = compileWorkflow(definition)
  const unknown = warnings.filter(({ code }) => code === 'workflow/unknown-reference')
  if (unknown.length > 0) throw new WorkflowError(unknown.map((warning) => ({ ...warning, severity: 'error' })))
  return {
    kind: 'agentloom.workflow',
    name,
    definition,
    plan,
    warnings,
    // Declared inputs are checked where a run starts, not by zod.
    input: input as Workflow<Given<InputShape> & GivenInputs<Inputs>>['input'],
    outputs: Object.keys(returned),
    functions: recorder.functions,
  }
}

function stepsOf(recorder: Recorder) {
  return {
    llm: recorder.llm.bind(recorder),
    tool: recorder.tool.bind(recorder),
    call: recorder.call.bind(recorder),
    route: recorder.route.bind(recorder),
    gate: recorder.gate.bind(recorder),
    workflow: recorder.workflow.bind(recorder),
    foreach: recorder.foreach.bind(recorder),
    sleep: recorder.sleep.bind(recorder),
    waitFor: recorder.waitFor.bind(recorder),
  }
}

function stateOf(state: object): ValueMap {
  const value = fromPlain(state)
  if (!isMapping(value)) throw new BuilderError('state is a mapping')
  return value
}

/** Step id → the name under which its output was returned. */
function outputNames(returned: object): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const [name, ref] of Object.entries(returned)) {
    const named = namedBy(ref)
    if (named === null || named.stepId === null || named.path.length > 0) {
      throw new BuilderError(`'${name}' must be the output of a step, whole`)
    }
    const other = names.get(named.stepId)
    if (other !== undefined) {
      throw new BuilderError(`one output under two names, '${other}' and '${name}'`, { step: named.stepId })
    }
    if (/[.[\]]/.test(name) || name === '') throw new BuilderError(`'${name}' cannot be the name of an output`)
    names.set(named.stepId, name)
  }
  return names
}

/** Whether a module's export is a workflow made by {@link defineWorkflow}. */
export function isWorkflow(value: unknown): value is Workflow {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'agentloom.workflow'
}
