import type { z } from 'zod'
import type { FunctionDefinition } from './define-function.ts'
import type { Input, ToolArguments } from './argument.ts'
import type { Condition } from './condition.ts'
import type { AnyRef, Ref } from './ref.ts'
import type { RetrySettings } from './settings.ts'
import type { Text } from './text.ts'

/** What every step may say. */
export interface StepOptions {
  /** Steps to wait for beside those that it refers to: any reference to their output. */
  readonly dependsOn?: readonly AnyRef[]
  /** Per attempt; 0 is none. */
  readonly timeoutSeconds?: number
  readonly retry?: RetrySettings
}

export interface ToolForModel {
  readonly name: string
  readonly description?: string
  /** JSON Schema. */
  readonly parameters?: object
}

export interface LlmOptions extends StepOptions {
  readonly prompt: Text | string
  readonly system?: Text | string
  readonly model?: string
  readonly temperature?: number
  readonly maxTokens?: number
  readonly stream?: boolean
  readonly tools?: readonly ToolForModel[]
  readonly toolChoice?: 'auto' | 'required' | 'none' | { readonly name: string }
  readonly maxToolIterations?: number
}

export interface RouteOptions extends StepOptions {
  /** The first condition that holds decides. A target is named by the reference to its output. */
  readonly when: readonly (readonly [Condition | Ref<boolean>, AnyRef])[]
  /** Without it a run in which no condition holds fails at this step. */
  readonly otherwise?: AnyRef
}

/** What a workflow is defined with. Every method adds one step, in the order of the calls. */
export interface WorkflowBuilder<State> {
  /** What the run starts with, by key. */
  readonly input: { readonly [Key in keyof State & string]: Ref<State[Key]> }
  /** Asks a model. The output is its text, as it came. */
  llm(id: string, options: LlmOptions): Ref<string>
  /** Calls a tool by name. What it gives back is not known here: name its type. */
  tool<Output = unknown>(id: string, name: string, args?: ToolArguments, options?: StepOptions): Ref<Output>
  /** Calls a function that workers have. */
  call<In extends z.ZodType, Out extends z.ZodType>(
    id: string,
    fn: FunctionDefinition<In, Out>,
    input: Input<z.input<In>>,
    options?: StepOptions,
  ): Ref<z.output<Out>>
  /** Chooses one of several steps; those that it does not choose are skipped, with all that depends on them. */
  route(id: string, options: RouteOptions): Ref<string>
}
