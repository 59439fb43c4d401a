import type { SandboxSettings, Value, ValueMap } from '@agentloom/workflow'

/** The tools of a process, as the engine sees them; `@agentloom/tools` implements it. */
export interface ToolBox {
  /** Registered names, sorted. */
  names(): readonly string[]
  /**
   * Runs one tool to its end. Never outlives `signal`: what it started is killed, process groups included.
   * @throws {AgentloomError} `tool/unknown`, `tool/failed`, `sandbox/violation` (never retryable), `tool/bad-input`
   */
  call(name: string, args: ValueMap, context: ToolContext): Promise<Value>
}

export interface ToolContext {
  readonly signal: AbortSignal
  readonly runId: string
  readonly stepId: string
  readonly idempotencyKey: string
  /** Absolute. Relative paths of tools, `cwd` and sandbox lists start here. */
  readonly runFolder: string
  /** The top-level workflow's settings; the process's own floor narrows them, never the other way round. */
  readonly sandbox: SandboxSettings
}
