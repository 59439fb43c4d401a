import type { Definition } from '../plan/plan.ts'
import type { Value, ValueMap } from '../value/value.ts'
import { itemsAs, namedIn, type ToolArguments } from './argument.ts'
import { conditionText, namedInCondition } from './condition.ts'
import { handlerOf, type FunctionDefinition } from './define-function.ts'
import { BuilderError } from './errors.ts'
import { itemRef, perItem, recordedBy, undoing } from './inside.ts'
import type { OutputNames } from './place.ts'
import { type AnyRef, makeRef, type Named, namedBy, type Ref } from './ref.ts'
import { asWritten } from './settings.ts'
import type {
  AnyChild,
  ForeachOptions,
  GateOptions,
  LlmOptions,
  PerItem,
  RouteOptions,
  SleepOptions,
  StepOptions as TypedOptions,
  SubworkflowOptions,
  WaitOptions,
  Work,
} from './steps.ts'
import { templateOf, Text } from './text.ts'
import { callWork, commonOf, type Keys, llmWork, type Recorded, subworkflowWork, toolWork } from './work.ts'

/** Of whatever output: what is taken down here has no types. */
type StepOptions = TypedOptions<never>

interface RecordedStep {
  readonly id: string
  /** What it waits for, routers that may choose it included. */
  readonly dependsOn: Set<string>
  /** The step as the format writes it, once the names of outputs are known. */
  write(outputs: OutputNames): Keys
}

/** What all steps of a workflow share, those that run at its end included. */
export interface Shared {
  readonly functions: Map<string, FunctionDefinition>
  readonly files: Map<string, string>
}

/** Takes down the steps of one workflow. Texts are written at the end: only then outputs have their names. */
export class Recorder {
  readonly #shared: Shared
  /** Steps that it may refer to and that nothing here can depend on: they are over. */
  readonly #over: Recorder | null
  readonly #steps = new Map<string, RecordedStep>()

  constructor(shared: Shared, over: Recorder | null = null) {
    this.#shared = shared
    this.#over = over
  }

  llm(id: string, options: LlmOptions): Ref<unknown> {
    return this.#addWork(id, llmWork(options), options)
  }

  tool(id: string, name: string, args: ToolArguments = {}, options: StepOptions = {}): Ref<unknown> {
    return this.#addWork(id, toolWork(name, args, options), options)
  }

  call(id: string, fn: FunctionDefinition, input: object, options: StepOptions = {}): Ref<unknown> {
    return this.#addWork(id, callWork(fn, input, options), options)
  }

  workflow(id: string, child: string | AnyChild, options: SubworkflowOptions<unknown, string> = {}): Ref<unknown> {
    return this.#addWork(id, subworkflowWork(child, options), options)
  }

  route(id: string, { when, otherwise, guard, ...options }: RouteOptions): Ref<unknown> {
    const conditions = when.map(([condition, target]) => ({ condition, target: this.#targetOf(target, id) }))
    const fallback = otherwise === undefined ? null : this.#targetOf(otherwise, id)
    const guarded = guard === undefined ? options : { ...options, when: guard }
    const ref = this.#add(id, guarded, {
      named: conditions.flatMap(({ condition }) => namedInCondition(condition)),
      write: (outputs) => ({
        type: 'router',
        conditions: conditions.map(({ condition, target }) => ({
          expression: conditionText(condition, outputs),
          target: target.id,
        })),
        ...(fallback !== null && { default: fallback.id }),
      }),
    })
    for (const { target } of conditions) target.dependsOn.add(id)
    fallback?.dependsOn.add(id)
    return ref
  }

  gate(id: string, { notify, ...options }: GateOptions = {}): Ref<unknown> {
    return this.#add(id, options, {
      named: namedIn(notify?.body),
      write: (outputs) => ({
        type: 'approval_gate',
        ...(notify !== undefined && { notify: notifyAs(notify, outputs) }),
      }),
    })
  }

  foreach(
    id: string,
    items: unknown,
    define: (item: Ref<unknown>, each: PerItem) => Work,
    options: ForeachOptions<never> = {},
  ): Ref<unknown> {
    const work = recordedBy(define(itemRef(), perItem()), id)
    this.#share(id, work)
    return this.#add(id, options, {
      named: [...namedIn(items), ...work.named],
      write: (outputs) => ({
        type: 'foreach',
        items: itemsAs(items, { stepId: id, outputs }),
        step: work.write(id, outputs),
      }),
    })
  }

  sleep(id: string, { until, ...options }: SleepOptions): Ref<unknown> {
    return this.#add(id, options, {
      named: namedIn(until),
      write: (outputs) => ({ type: 'sleep', ...(until !== undefined && { until: textOf(until, outputs) }) }),
    })
  }

  waitFor(id: string, { signal, ...options }: WaitOptions): Ref<unknown> {
    return this.#add(id, options, {
      named: namedIn(signal),
      write: (outputs) => ({ type: 'wait_for', signal: templateOf(signal, outputs) }),
    })
  }

  get functions(): readonly FunctionDefinition[] {
    return [...this.#shared.functions.values()]
  }

  get files(): Definition['files'] {
    return Object.fromEntries(this.#shared.files)
  }

  get isEmpty(): boolean {
    return this.#steps.size === 0
  }

  /** The steps as the format writes them. */
  written(outputs: OutputNames): readonly ValueMap[] {
    return [...this.#steps.values()].map(({ id, dependsOn, write }) => {
      const output = this.#over === null ? outputs.get(id) : undefined
      return {
        id,
        ...write(outputs),
        ...(dependsOn.size > 0 && { depends_on: [...dependsOn] }),
        ...(output !== undefined && { output }),
      }
    })
  }

  #addWork(id: string, work: Recorded, options: StepOptions): Ref<unknown> {
    this.#share(id, work)
    return this.#place(id, options, { named: work.named, write: (outputs) => work.write(id, outputs) })
  }

  /** For types that have no work to be done inside of another step: their settings are written here. */
  #add(
    id: string,
    options: StepOptions,
    { named, write }: { readonly named: readonly Named[]; readonly write: (outputs: OutputNames) => Keys },
  ): Ref<unknown> {
    const common = commonOf(options)
    return this.#place(id, options, {
      named: [...named, ...common.named],
      write: (outputs) => ({ ...write(outputs), ...asWritten(common.settings), ...common.write(outputs) }),
    })
  }

  #place(
    id: string,
    { dependsOn = [], compensate }: StepOptions,
    { named, write }: { readonly named: readonly Named[]; readonly write: (outputs: OutputNames) => Keys },
  ): Ref<unknown> {
    if (this.#steps.has(id)) throw new BuilderError(`two steps have the id '${id}'`, { step: id })
    const ref = makeRef<unknown>({ stepId: id, path: [] })
    const undo = compensate === undefined ? null : recordedBy(compensate(undoing(), ref as never), id)
    if (undo !== null) this.#share(id, undo)
    const ids = [...dependsOn.map((one) => this.#stepOf(one, id)), ...named].flatMap(({ stepId }) =>
      stepId === null || this.#over?.has(stepId) ? [] : [stepId],
    )
    this.#steps.set(id, {
      id,
      dependsOn: new Set(ids),
      write: (outputs) => ({ ...write(outputs), ...(undo !== null && { compensate: undo.write(id, outputs) }) }),
    })
    return ref
  }

  has(id: string): boolean {
    return this.#steps.has(id)
  }

  #share(id: string, { functions, files = {} }: Recorded): void {
    for (const fn of functions) {
      const known = this.#shared.functions.get(handlerOf(fn))
      if (known !== undefined && known !== fn) {
        throw new BuilderError(`two functions have the name '${handlerOf(fn)}'`, { step: id })
      }
      this.#shared.functions.set(handlerOf(fn), fn)
    }
    for (const [name, content] of Object.entries(files)) {
      const known = this.#shared.files.get(name)
      if (known !== undefined && known !== content) {
        throw new BuilderError(`two files have the name '${name}'`, { step: id })
      }
      this.#shared.files.set(name, content)
    }
  }

  #stepOf(ref: AnyRef, id: string): Named {
    const named = namedBy(ref)
    if (named !== null && named.stepId !== null) return named
    throw new BuilderError('dependsOn takes references to outputs of steps', { step: id })
  }

  #targetOf(ref: AnyRef, id: string): RecordedStep {
    const step = this.#steps.get(namedBy(ref)?.stepId ?? '')
    if (step === undefined) throw new BuilderError('a target is named by the reference to its output', { step: id })
    return step
  }
}

function notifyAs(
  { url, headers = {}, body, timeoutSeconds }: NonNullable<GateOptions['notify']>,
  outputs: OutputNames,
): Keys {
  const written: Record<string, Value> = {}
  for (const [name, value] of Object.entries(headers))
    written[name] = typeof value === 'string' ? value : value.header()
  return {
    url,
    ...(Object.keys(written).length > 0 && { headers: written }),
    ...(body !== undefined && { body_template: templateOf(body, outputs) }),
    ...(timeoutSeconds !== undefined && { timeout: timeoutSeconds }),
  }
}

function textOf(value: Text | string | AnyRef, outputs: OutputNames): string {
  return templateOf(typeof value === 'string' || value instanceof Text ? value : new Text([...namedIn(value)]), outputs)
}
