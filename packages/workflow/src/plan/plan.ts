import type { Compat } from '../compat/compat.ts'
import type { ErrorInfo } from '../errors.ts'
import type { Expression } from '../expression/expression.ts'
import type { Template } from '../template/template.ts'
import type { Value, ValueMap } from '../value/value.ts'

/** What the compiler makes of a workflow: data only, the same for the same {@link Definition}. */
export interface Plan {
  /** SHA-256 (hex) of the text that `writeDefinition` gives; runs are pinned to it. */
  readonly hash: string
  readonly name: string
  readonly version: string
  readonly description: string
  readonly definition: Definition
  readonly config: PlanConfig
  /** Initial state, before a run's input is laid over it. */
  readonly state: ValueMap
  /** What is done as the Python engine does it. */
  readonly compat: Compat
  /** Keys and globs to redact: of `state_schema`, and those given when it was compiled. */
  readonly redact: readonly string[]
  /** In the order of scheduling.md rule 1: by layer, then by id (code points). A node's index is its rank. */
  readonly nodes: readonly PlanNode[]
  readonly byId: ReadonlyMap<string, PlanNode>
  /** Indexes of the nodes without incoming edges, in the order. */
  readonly roots: readonly number[]
  /** An upper bound of how many steps can be in flight at once; where it is ≤ `maxConcurrentSteps` nobody need count. */
  readonly widthBound: number
  /** What a run's input may and must have, from `inputs`; null where the workflow declares none. */
  readonly inputs: readonly InputDeclaration[] | null
  /** Compensations in reverse order and the steps of `finally`, as a workflow of their own; null where there are none. */
  readonly cleanup: CleanupPlan | null
}

export interface InputDeclaration {
  readonly name: string
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'list' | 'mapping' | 'any'
  readonly isRequired: boolean
  /** Undefined without one. */
  readonly default?: Value
  readonly description: string
}

/** Runs as a child run of the hidden step `finally` when the run ends; its state is the run's. */
export interface CleanupPlan {
  readonly plan: Plan
  /** Step of `plan` → step of the run that it undoes; it runs only if that one succeeded and the run did not. */
  readonly compensates: ReadonlyMap<string, string>
}

/** Id of the hidden step that runs {@link CleanupPlan}; users' steps may not have it where there is a cleanup. */
export const CLEANUP_STEP = 'finally'

/** What travels to Redis and disk, and what a worker compiles again. Plain JSON. */
export interface Definition {
  readonly format: 1
  /** The workflow as a user writes it (snake_case keys), after the schema filled nothing in. */
  readonly workflow: ValueMap
  /** Settings that change what the same text means. */
  readonly compat: 'agentloom' | null
  /**
   * Name → text of files that the workflow names for loading (`responses_file`, `workflow_path`), by the name it uses. What a
   * file of these names itself lies under `<its name>\n<name>`. An empty text: the file is there and could not be read.
   */
  readonly files: { readonly [name: string]: string }
  /** Only what cleans up after the workflow: {@link CleanupPlan}. */
  readonly part?: 'cleanup'
  /** Sandboxes of its parents, as written, for a sub-workflow that has one of its own. */
  readonly sandboxes?: readonly ValueMap[]
}

export interface PlanConfig {
  readonly provider: string
  readonly model: string
  /** Nano-dollars; null without a budget. */
  readonly budgetNanoUsd: number | null
  readonly timeoutMs: number | null
  readonly maxConcurrentSteps: number
  readonly stream: boolean
  readonly onStepFailure: 'skip_downstream' | 'continue'
  /** What a spent budget does: end the run, or park it until there is more. */
  readonly onBudget: 'stop' | 'park'
  /** Pool of workers for steps that name none; null for the default one. */
  readonly queue: string | null
  readonly concurrency: ConcurrencyPolicy | null
  readonly sandbox: SandboxSettings
  readonly mock: MockSettings | null
}

/** Steps of all runs whose `key` renders to the same text share the limit, and take turns with those of other keys. */
export interface ConcurrencyPolicy {
  /** Rendered once, when the run starts, over initial state and input. */
  readonly key: Template
  readonly limit: number | null
  readonly weight: number
}

/** The mock provider's settings; present where `provider: mock`. */
export interface MockSettings {
  /** Text of the responses file, or null without one. */
  readonly responses: string | null
  readonly latencyModel: 'constant' | 'normal' | 'replay'
  readonly latencyMs: number
}

/** `config.sandbox` as written; empty lists keep the meaning that `enabled` gives them. Paths as written. */
export interface SandboxSettings {
  readonly enabled: boolean
  readonly allowedCommands: readonly string[]
  readonly allowedPaths: readonly string[]
  readonly readablePaths: readonly string[]
  readonly writablePaths: readonly string[]
  readonly allowNetwork: boolean
  readonly allowedDomains: readonly string[]
  readonly allowedSchemes: readonly string[]
  readonly maxWriteBytes: number | null
  readonly dangerOptIn: readonly string[]
  readonly allowInternalWebhookTargets: boolean
  /** Those of parents that are on too: what is done must pass each. */
  readonly outer?: readonly SandboxSettings[]
}

export interface PlanNode {
  readonly id: string
  readonly index: number
  readonly layer: number
  readonly step: StepSpec
  /** Incoming edges, one per distinct source: node indexes, ascending. */
  readonly sources: readonly number[]
  /** Those of `sources` that `depends_on` names: only they carry failures and skips. */
  readonly dependsOn: readonly number[]
  readonly edges: readonly PlanEdge[]
  /**
   * Nodes of lower layers (with `max_concurrent_steps: 1` all earlier nodes) whose output or `steps.<id>` entry this step
   * names, or may name: what a claim fetches, ascending. Every one of them is also in `sources`, or an ancestor's edge
   * orders it.
   */
  readonly reads: readonly number[]
}

export interface PlanEdge {
  readonly to: number
  /** From `depends_on`; else a data, gate or chain edge, which orders and says nothing more. */
  readonly isExplicit: boolean
}

/**
 * In the place of a text that could not be read, or of a part that is missing. The format lets such a workflow load
 * (with a warning); the step fails with this error when it is reached, and is not retried. See `isBroken`.
 */
export interface Broken {
  readonly broken: ErrorInfo
}

export type StepSpec =
  | LlmStep
  | ToolStep
  | RouterStep
  | FunctionStep
  | SubworkflowStep
  | GateStep
  | ForeachStep
  | SleepStep
  | WaitStep

export interface StepCommon {
  readonly id: string
  /** Where the result is written, or null. */
  readonly output: StatePath | Broken | null
  /** Milliseconds per attempt, null without a limit. */
  readonly timeoutMs: number | null
  readonly retry: RetryPolicy
  /** Evaluated at the claim; false skips the step as a routing skip does. */
  readonly when: Expression | Broken | null
  readonly join: 'all' | 'any'
  /** Pool of workers, from `queue`; null for the workflow's. */
  readonly queue: string | null
  readonly priority: number | null
  /** A result is kept under its rendered key (and the step's text) and used again; null without. */
  readonly cache: CachePolicy | null
}

export interface CachePolicy {
  readonly key: Template | Broken
  /** Null: as long as the store keeps it. */
  readonly ttlMs: number | null
}

export interface RetryPolicy {
  readonly retriesMax: number
  readonly backoffBase: number
  readonly backoffMaxMs: number
  readonly jitter: boolean
  readonly retryableStatusCodes: readonly number[]
}

/** `a.b[0].c` → `['a', 'b', 0, 'c']`. */
export interface StatePath {
  readonly text: string
  readonly segments: readonly (string | number)[]
}

export interface LlmStep extends StepCommon {
  readonly type: 'llm_call'
  readonly prompt: Template | Broken
  readonly systemPrompt: Template | Broken | null
  readonly model: string
  readonly temperature: number | null
  readonly maxTokens: number | null
  readonly stream: boolean
  readonly tools: readonly ToolDeclaration[]
  readonly toolChoice: 'auto' | 'required' | 'none' | { readonly name: string }
  readonly maxToolIterations: number
  readonly attachments: readonly AttachmentSpec[]
  /** Null unless `enabled`. */
  readonly thinking: ThinkingSettings | null
  /** JSON Schema of the answer: the output is then the parsed value. Null without. */
  readonly outputSchema: ValueMap | null
}

export interface AttachmentSpec {
  readonly type: 'image' | 'pdf' | 'audio'
  readonly source: Template | Broken
  readonly mediaType: string | null
  readonly fetch: 'local' | 'provider'
}

export interface ThinkingSettings {
  readonly budgetTokens: number | null
  readonly level: 'low' | 'medium' | 'high' | null
  readonly captureReasoning: boolean
}

export interface SubworkflowStep extends StepCommon {
  readonly type: 'subworkflow'
  /** Compiled with its parent; a file that does not load fails the step with `subworkflow/load` when it is reached. */
  readonly child: Plan | Broken
  readonly isIsolated: boolean
  readonly input: { readonly [name: string]: Argument | Broken }
  /** Top-level keys of the child's final state to return; null for all. */
  readonly returnKeys: readonly string[] | null
}

export interface GateStep extends StepCommon {
  readonly type: 'approval_gate'
  /** How long the gate waits (`timeout_seconds`); null for ever. */
  readonly waitMs: number | null
  readonly onTimeout: 'approve' | 'reject' | null
  /** Which later steps a waiting gate holds back: those of all later layers, or its dependents. */
  readonly hold: 'all' | 'dependents'
  readonly notify: NotifySettings | null
}

export interface NotifySettings {
  readonly url: string
  /** Each a literal text, or one with secrets in it. */
  readonly headers: { readonly [name: string]: Argument }
  readonly body: Template | Broken | null
  readonly timeoutMs: number
}

export interface ForeachStep extends StepCommon {
  readonly type: 'foreach'
  /** Must give a list. */
  readonly items: Argument | Broken
  /** Sees `state.item` and `state.index` beside the state. Its own retry and time-out hold for each item. */
  readonly body: LlmStep | ToolStep | FunctionStep | RouterStep | Broken
  readonly maxConcurrent: number
}

/** Exactly one of the two is set. */
export interface SleepStep extends StepCommon {
  readonly type: 'sleep'
  readonly durationMs: number | null
  /** Gives an ISO date-time. */
  readonly until: Template | Broken | null
}

export interface WaitStep extends StepCommon {
  readonly type: 'wait_for'
  readonly signal: Template | Broken
  readonly waitMs: number | null
  readonly onTimeout: 'fail' | 'continue'
}

export interface ToolDeclaration {
  readonly name: string
  readonly description: string
  /** JSON Schema. */
  readonly parameters: ValueMap
}

export interface ToolStep extends StepCommon {
  readonly type: 'tool'
  readonly toolName: string | Broken
  readonly args: { readonly [name: string]: Argument | Broken }
}

/** Without conditions and default it fails when it is reached. */
export interface RouterStep extends StepCommon {
  readonly type: 'router'
  readonly conditions: readonly { readonly expression: Expression | Broken; readonly target: string }[]
  readonly defaultTarget: string | null
}

export interface FunctionStep extends StepCommon {
  readonly type: 'function'
  readonly handler: string
  readonly input: { readonly [name: string]: Argument | Broken }
}

/** One argument of a tool or function, as templates-and-state.md §4 reads it. */
export type Argument =
  | { readonly kind: 'literal'; readonly value: Value }
  /** `state.a.b`: the raw value. Where it is missing null, or what a text says that is perhaps no reference (`state.n and x`). */
  | { readonly kind: 'path'; readonly path: StatePath; readonly otherwise: Argument | null }
  | { readonly kind: 'template'; readonly template: Template }
  /** `{secrets.NAME}` alone or within a text: resolved where the step runs, never stored. */
  | { readonly kind: 'secret'; readonly parts: readonly (Template | { readonly secret: string })[] }
  /** Only where the caller resolves recursively (functions). */
  | { readonly kind: 'list'; readonly items: readonly Argument[] }
  | { readonly kind: 'mapping'; readonly entries: { readonly [key: string]: Argument } }
