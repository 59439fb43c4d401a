import type { z } from 'zod'
import type { Input, ToolArguments } from './argument.ts'
import type { Condition } from './condition.ts'
import type { FunctionDefinition } from './define-function.ts'
import type { Definition } from '../plan/plan.ts'
import type { AnyRef, Ref, RefTo } from './ref.ts'
import type { RetrySettings } from './settings.ts'
import type { Text } from './text.ts'

/** How a step's work is tried and kept. */
export interface WorkOptions {
  /** Per attempt; 0 is none. */
  readonly timeoutSeconds?: number
  readonly retry?: RetrySettings
  /** A result is kept under this key, and used again. */
  readonly cache?: CacheOptions
}

export interface CacheOptions {
  readonly key: Text | string
  /** From 0.001; without it as long as the store keeps it. */
  readonly ttlSeconds?: number
}

/** What every step may say. */
export interface StepOptions<Output = unknown> extends WorkOptions {
  /** Steps to wait for beside those that it refers to: any reference to their output. */
  readonly dependsOn?: readonly AnyRef[]
  /** Asked when it is the step's turn; false skips it, and what depends on it. */
  readonly when?: Condition | Ref<boolean>
  /** `any`: one dependency that succeeded is enough. */
  readonly join?: 'all' | 'any'
  /** Pool of workers. */
  readonly queue?: string
  /** 0 (first) to 2,097,151. Default: the run's. */
  readonly priority?: number
  /** What undoes the step when it succeeded and the run does not. */
  readonly compensate?: (undo: Undoing, output: Ref<Output>) => Work
}

export interface ToolForModel {
  readonly name: string
  readonly description?: string
  /** JSON Schema. */
  readonly parameters?: object
}

export interface Attachment {
  /** Default image. */
  readonly type?: 'image' | 'pdf' | 'audio'
  /** A path, an address, or data in base64. */
  readonly source: Text | string | Ref<string>
  readonly mediaType?: string
  /** Who reads an address; default local. */
  readonly fetch?: 'local' | 'provider'
}

export interface LlmWork extends WorkOptions {
  readonly prompt: Text | string
  readonly system?: Text | string
  readonly model?: string
  readonly temperature?: number
  readonly maxTokens?: number
  readonly stream?: boolean
  readonly tools?: readonly ToolForModel[]
  readonly toolChoice?: 'auto' | 'required' | 'none' | { readonly name: string }
  readonly maxToolIterations?: number
  readonly attachments?: readonly Attachment[]
  readonly thinking?: {
    readonly budgetTokens?: number
    readonly level?: 'low' | 'medium' | 'high'
    readonly captureReasoning?: boolean
  }
  /** What the answer must be, as a zod schema or a JSON Schema; the output is then the value. */
  readonly outputSchema?: z.ZodType | object
}

export interface LlmOptions extends LlmWork, StepOptions {}

export interface RouteOptions extends Omit<StepOptions<string>, 'when'> {
  /** The first condition that holds decides. A target is named by the reference to its output. */
  readonly when: readonly (readonly [Condition | Ref<boolean>, AnyRef])[]
  /** Without it a run in which no condition holds fails at this step. */
  readonly otherwise?: AnyRef
  /** What `when` is on other steps. */
  readonly guard?: Condition | Ref<boolean>
}

export interface GateOptions extends StepOptions<'approved' | 'rejected'> {
  /** How long it waits, in whole seconds; without it for ever. */
  readonly waitSeconds?: number
  readonly onTimeout?: 'approve' | 'reject'
  /** Which later steps it holds back: all (default), or those that depend on it. */
  readonly hold?: 'all' | 'dependents'
  readonly notify?: {
    readonly url: string
    readonly headers?: { readonly [name: string]: string | Text }
    /** Also with `{run_id}`, `{step_id}` and `{workflow_name}`, as {@link notification} has them. */
    readonly body?: Text | string
    readonly timeoutSeconds?: number
  }
}

export interface SubworkflowOptions<ChildInput, Key extends string> extends StepOptions {
  /** Laid over the state that the child begins with. */
  readonly input?: Partial<Input<ChildInput>>
  /** The child sees its own state and `input`, not the parent's. */
  readonly isolated?: boolean
  /** Keys of the child's final state that are the output; without it all of them. */
  readonly returnKeys?: readonly Key[]
}

export interface ForeachOptions<Output> extends StepOptions<readonly Output[]> {
  /** Items at work at once, 1 to 256; default 10. */
  readonly maxConcurrent?: number
}

export type SleepOptions = StepOptions<null> &
  (
    | { readonly seconds: number; readonly until?: never }
    /** An ISO date-time. */
    | { readonly until: Text | string | Ref<string>; readonly seconds?: never }
  )

export interface WaitOptions extends Omit<StepOptions, 'timeoutSeconds'> {
  readonly signal: Text | string
  /** How long it waits; without it for ever. */
  readonly timeoutSeconds?: number
  /** Default fail. */
  readonly onTimeout?: 'fail' | 'continue'
}

declare const GIVES: unique symbol

/** What a step inside of a step does; made by the builder that is handed in. */
export interface Work<Output = unknown> {
  readonly [GIVES]: Output
}

interface Plain {
  tool<Output = unknown>(name: string, args?: ToolArguments, options?: WorkOptions): Work<Output>
  call<In extends z.ZodType, Out extends z.ZodType>(
    fn: FunctionDefinition<In, Out>,
    input: Input<z.input<In>>,
    options?: WorkOptions,
  ): Work<z.output<Out>>
  llm<Out>(options: LlmWork & { readonly outputSchema: z.ZodType<Out> }): Work<Out>
  llm(options: LlmWork): Work<string>
}

/** What can be done for each item. */
export interface PerItem extends Plain {
  /** The place of the item, from 0. */
  readonly index: Ref<number>
  /** Chooses one of several words. */
  route<const Word extends string>(options: {
    readonly when: readonly (readonly [Condition | Ref<boolean>, Word])[]
    readonly otherwise?: Word
  }): Work<Word>
}

/** What can undo a step. */
export interface Undoing extends Plain {
  workflow(child: string | AnyChild, options?: SubworkflowOptions<unknown, string>): Work
}

/** A workflow that was defined, as part of another one. */
export interface ChildWorkflow<ChildInput, Output> {
  // Only for the type: what its final state has.
  readonly [GIVES]?: Output
  readonly kind: 'agentloom.workflow'
  readonly input: z.ZodType<unknown, ChildInput> | null
  readonly outputs: readonly (keyof Output & string)[]
  readonly definition: Pick<Definition, 'workflow' | 'files'>
  readonly functions: readonly FunctionDefinition[]
}

/** A workflow whose input and outputs do not matter here. */
export type AnyChild = Pick<ChildWorkflow<unknown, unknown>, 'kind' | 'definition' | 'functions'>

/** The steps that a workflow, or what runs at its end, is made of. Every method adds one, in the order of the calls. */
export interface StepBuilder {
  /** Asks a model. The output is its text as it came, or with `outputSchema` the value. */
  llm<Out>(id: string, options: LlmOptions & { readonly outputSchema: z.ZodType<Out> }): Ref<Out>
  llm(id: string, options: LlmOptions): Ref<string>
  /** Calls a tool by name. What it gives back is not known here: name its type. */
  tool<Output = unknown>(id: string, name: string, args?: ToolArguments, options?: StepOptions<Output>): Ref<Output>
  /** Calls a function that workers have. */
  call<In extends z.ZodType, Out extends z.ZodType>(
    id: string,
    fn: FunctionDefinition<In, Out>,
    input: Input<z.input<In>>,
    options?: StepOptions<z.output<Out>>,
  ): Ref<z.output<Out>>
  /** Chooses one of several steps; those that it does not choose are skipped, with all that depends on them. */
  route(id: string, options: RouteOptions): Ref<string>
  /** Waits for a human's decision. */
  gate(id: string, options?: GateOptions): Ref<'approved' | 'rejected'>
  /** Runs another workflow: one that was defined, or the file at a path. */
  workflow<ChildInput, Output, Key extends keyof Output & string = keyof Output & string>(
    id: string,
    child: ChildWorkflow<ChildInput, Output>,
    options?: SubworkflowOptions<ChildInput, Key>,
  ): Ref<Pick<Output, Key>>
  workflow<Output = unknown>(id: string, path: string, options?: SubworkflowOptions<unknown, string>): Ref<Output>
  /** Does the same for each item of a list; the output is the list of what came of it, in the order of the items. */
  foreach<Item, Output>(
    id: string,
    items: RefTo<readonly Item[]> | readonly (Item | RefTo<Item>)[],
    work: (item: Ref<Item>, each: PerItem) => Work<Output>,
    options?: ForeachOptions<Output>,
  ): Ref<readonly Output[]>
  sleep(id: string, options: SleepOptions): Ref<null>
  /** Waits for a signal, and gives what it carries; one that was sent before is kept. */
  waitFor<Output = unknown>(id: string, options: WaitOptions): Ref<Output>
}

/** What a workflow is defined with. */
export interface WorkflowBuilder<State> extends StepBuilder {
  /** What the run starts with, by key. */
  readonly input: { readonly [Key in keyof State & string]: Ref<State[Key]> }
  /** Steps that run when all others are over, however the run ends. They may refer to whatever it wrote. */
  finally(define: (last: StepBuilder) => void): void
}
