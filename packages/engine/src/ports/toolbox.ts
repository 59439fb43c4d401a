import type { AttachmentSpec, SandboxSettings, Value, ValueMap } from '@agentloom/workflow'
import type { Attachment } from './models.ts'

/** The tools of a process, as the engine sees them; `@agentloom/tools` implements it. */
export interface ToolBox {
  /** Registered names, sorted. */
  names(): readonly string[]
  /**
   * Runs one tool to its end. Never outlives `signal`: what it started is killed, process groups included.
   * @throws {AgentloomError} `tool/unknown`, `tool/failed`, `sandbox/violation` (never retryable), `tool/bad-input`
   */
  call(name: string, args: ValueMap, context: ToolContext): Promise<Value>
  /**
   * What is to be done about a model's call of which a crash has hidden whether it happened: make it again, ask a human,
   * or look (`verify`). Names that are not registered are made again, and fail.
   */
  onUnknown(name: string): 'retry' | 'ask' | 'verify'
  /** Whether such a call happened: its result, or null if it did not. Only for tools that say `verify`. Throws as `call` does. */
  verify(name: string, args: ValueMap, context: ToolContext): Promise<{ readonly result: Value } | null>
  /**
   * Reads what a model is to be shown, under the same rules as the tools.
   * @throws {AgentloomError} `attachment/refused`, `attachment/failed`
   */
  attach(attachment: AttachmentSource, context: ToolContext): Promise<Attachment>
}

/** An attachment whose source has been rendered: an address, a path, a `data:` URL or base64. */
export interface AttachmentSource extends Omit<AttachmentSpec, 'source'> {
  readonly source: string
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
