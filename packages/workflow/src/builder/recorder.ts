import type { Value, ValueMap } from '../value/value.ts'
import { argumentsAs, namedIn, type ToolArguments } from './argument.ts'
import { Condition } from './condition.ts'
import type { FunctionDefinition } from './define-function.ts'
import { BuilderError } from './errors.ts'
import { expressionPath, type OutputNames } from './place.ts'
import { type AnyRef, makeRef, type Named, namedBy, type Ref } from './ref.ts'
import { asWritten } from './settings.ts'
import type { LlmOptions, RouteOptions, StepOptions } from './steps.ts'
import { escaped, type Text } from './text.ts'

interface RecordedStep {
  readonly id: string
  /** What it waits for, routers that may choose it included. */
  readonly dependsOn: Set<string>
  /** The step as the format writes it, once the names of outputs are known. */
  write(outputs: OutputNames): ValueMap
}

/** Takes down the steps of one workflow. Texts are written at the end: only then outputs have their names. */
export class Recorder {
  readonly functions = new Map<string, FunctionDefinition>()
  readonly #steps = new Map<string, RecordedStep>()

  llm(id: string, options: LlmOptions): Ref<string> {
    const { prompt, system, dependsOn, tools, ...settings } = options
    const asTemplate = (part: Text | string, outputs: OutputNames): string =>
      typeof part === 'string' ? escaped(part) : part.template(outputs)
    return this.#add<string>(id, { named: [...namedIn(prompt), ...namedIn(system)], dependsOn }, (outputs) => ({
      type: 'llm_call',
      prompt: asTemplate(prompt, outputs),
      ...(system !== undefined && { system_prompt: asTemplate(system, outputs) }),
      ...asWritten({ ...settings, tools }),
    }))
  }

  tool<Output>(id: string, name: string, args: ToolArguments = {}, { dependsOn, ...settings }: StepOptions = {}) {
    return this.#add<Output>(id, { named: namedIn(args), dependsOn }, (outputs) => ({
      type: 'tool',
      tool_name: name,
      tool_args: argumentsAs(args, { stepId: id, isRecursive: false, outputs }),
      ...asWritten(settings),
    }))
  }

  call<Output>(id: string, fn: FunctionDefinition, input: object, { dependsOn, ...settings }: StepOptions = {}) {
    const known = this.functions.get(fn.name)
    if (known !== undefined && known !== fn) {
      throw new BuilderError(`two functions have the name '${fn.name}'`, { step: id })
    }
    this.functions.set(fn.name, fn)
    return this.#add<Output>(id, { named: namedIn(input), dependsOn }, (outputs) => ({
      type: 'function',
      handler: fn.name,
      input: argumentsAs(input, { stepId: id, isRecursive: true, outputs }),
      ...asWritten(settings),
    }))
  }

  route(id: string, { when, otherwise, dependsOn, ...settings }: RouteOptions): Ref<string> {
    const conditions = when.map(([condition, target]) => ({ condition, target: this.#targetOf(target, id) }))
    const fallback = otherwise === undefined ? null : this.#targetOf(otherwise, id)
    const named = conditions.flatMap(({ condition }) => namedInCondition(condition))
    const ref = this.#add<string>(id, { named, dependsOn }, (outputs) => ({
      type: 'router',
      conditions: conditions.map(({ condition, target }) => ({
        expression: expressionOf(condition, outputs),
        target: target.id,
      })),
      ...(fallback !== null && { default: fallback.id }),
      ...asWritten(settings),
    }))
    for (const { target } of conditions) target.dependsOn.add(id)
    fallback?.dependsOn.add(id)
    return ref
  }

  /** The steps as the format writes them. */
  written(outputs: OutputNames): readonly ValueMap[] {
    return [...this.#steps.values()].map(({ id, dependsOn, write }) => {
      const output = outputs.get(id)
      return {
        id,
        ...write(outputs),
        ...(dependsOn.size > 0 && { depends_on: [...dependsOn] }),
        ...(output !== undefined && { output }),
      }
    })
  }

  #add<Output>(
    id: string,
    { named, dependsOn = [] }: { readonly named: readonly Named[]; readonly dependsOn?: readonly AnyRef[] | undefined },
    write: (outputs: OutputNames) => { readonly [key: string]: Value },
  ): Ref<Output> {
    if (this.#steps.has(id)) throw new BuilderError(`two steps have the id '${id}'`, { step: id })
    const all = [...dependsOn.map((ref) => this.#stepOf(ref, id)), ...named]
    const ids = all.flatMap(({ stepId }) => (stepId === null ? [] : [stepId]))
    this.#steps.set(id, { id, dependsOn: new Set(ids), write })
    return makeRef<Output>({ stepId: id, path: [] })
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

function namedInCondition(condition: Condition | Ref<boolean>): readonly Named[] {
  return condition instanceof Condition ? condition.named : namedIn(condition)
}

function expressionOf(condition: Condition | Ref<boolean>, outputs: OutputNames): string {
  if (condition instanceof Condition) return condition.expression(outputs)
  const named = namedBy(condition)
  if (named === null) throw new BuilderError('a condition is made by eq(), and() and the like, or is a reference')
  return expressionPath(named, outputs)
}
