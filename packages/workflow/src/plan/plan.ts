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
  /** Key or glob → redact, from `state_schema`. */
  readonly redact: readonly string[]
  /** In the order of scheduling.md rule 1: by layer, then by id (code points). A node's index is its rank. */
  readonly nodes: readonly PlanNode[]
  readonly byId: ReadonlyMap<string, PlanNode>
  /** Indexes of the nodes without incoming edges, in the order. */
  readonly roots: readonly number[]
  /** An upper bound of how many steps can be in flight at once; where it is ≤ `maxConcurrentSteps` nobody need count. */
  readonly widthBound: number
}

/** What travels to Redis and disk, and what a worker compiles again. Plain JSON. */
export interface Definition {
  readonly format: 1
  /** The workflow as a user writes it (snake_case keys), after the schema filled nothing in. */
  readonly workflow: ValueMap
  /** Settings that change what the same text means. */
  readonly compat: 'agentloom' | null
  /** Name → text of files that the workflow names for loading (`responses_file`). */
  readonly files: { readonly [name: string]: string }
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
  readonly sandbox: SandboxSettings
  readonly mock: MockSettings | null
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

export type StepSpec = LlmStep | ToolStep | RouterStep | FunctionStep

export interface StepCommon {
  readonly id: string
  /** Where the result is written, or null. */
  readonly output: StatePath | Broken | null
  /** Milliseconds per attempt, null without a limit. */
  readonly timeoutMs: number | null
  readonly retry: RetryPolicy
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
  /** Only where the caller resolves recursively (functions). */
  | { readonly kind: 'list'; readonly items: readonly Argument[] }
  | { readonly kind: 'mapping'; readonly entries: { readonly [key: string]: Argument } }
