import { AgentloomError } from '@agentloom/workflow'

/** Error texts travel into journals and prompts; what users or vendors wrote is cut at this many characters. */
const CAUSE_LENGTH_MAX = 8_192

/** A tool broke a rule of the workflow's sandbox or of the process's floor. Final: the rules do not change by trying again. */
export class SandboxViolationError extends AgentloomError {
  override readonly name = 'SandboxViolationError'
  readonly code = 'sandbox/violation'
  readonly retryable = false
  readonly tool: string
  override readonly help: string | null

  constructor(tool: string, detail: string, help: string | null = null) {
    super(`Sandbox violation (${tool}): ${detail}`)
    this.tool = tool
    this.help = help
  }
}

/** A tool ran and did not succeed. `retryable` for files and networks, final for arguments and sizes. */
export class ToolFailedError extends AgentloomError {
  override readonly name = 'ToolFailedError'
  readonly code = 'tool/failed'
  readonly retryable: boolean
  readonly tool: string
  override readonly help: string | null

  constructor(tool: string, reason: string, options: { retryable: boolean; help?: string | null; cause?: unknown }) {
    super(`Tool '${tool}' failed: ${cut(reason)}`, { cause: options.cause })
    this.tool = tool
    this.retryable = options.retryable
    this.help = options.help ?? null
  }
}

/** What a model was to be shown cannot be read, or may not be. */
export class AttachmentError extends AgentloomError {
  override readonly name = 'AttachmentError'
  readonly code: 'attachment/refused' | 'attachment/failed'
  readonly retryable: boolean
  override readonly help: string | null

  constructor(
    code: AttachmentError['code'],
    reason: string,
    options: { readonly retryable: boolean; readonly help: string | null },
  ) {
    super(`Attachment resolution error: ${cut(reason)}`)
    this.code = code
    this.retryable = options.retryable
    this.help = options.help
  }
}

/** No tool of that name is registered in this process. */
export class UnknownToolError extends AgentloomError {
  override readonly name = 'UnknownToolError'
  readonly code = 'tool/unknown'
  readonly retryable = false
  readonly tool: string

  constructor(tool: string, available: readonly string[]) {
    super(`Tool '${cut(tool)}' not found. Available: ${available.join(', ')}`)
    this.tool = tool
  }
}

/** The arguments of a custom tool do not fit its input schema. */
export class ToolInputError extends AgentloomError {
  override readonly name = 'ToolInputError'
  readonly code = 'tool/bad-input'
  readonly retryable = false
  readonly tool: string
  override readonly place: string | null

  constructor(tool: string, faults: readonly { readonly path: string; readonly message: string }[]) {
    super(cut(`Tool '${tool}': ${faults.map(({ path, message }) => `${path}: ${message}`).join('; ')}`))
    this.tool = tool
    this.place = faults[0]?.path ?? null
  }
}

/** A tool cannot be registered: its name is taken or is no name. */
export class ToolDefinitionError extends AgentloomError {
  override readonly name = 'ToolDefinitionError'
  readonly code = 'tool/bad-definition'
  readonly retryable = false
}

/** Thrown inside a built-in tool, which need not know its name; the tool box makes a {@link SandboxViolationError} of it. */
export class Violation extends Error {
  readonly help: string | null
  constructor(detail: string, help: string | null = null) {
    super(detail)
    this.help = help
  }
}

/** Thrown inside a built-in tool; the tool box makes a {@link ToolFailedError} of it. */
export class Fault extends Error {
  readonly retryable: boolean
  readonly help: string | null
  constructor(reason: string, options: { retryable: boolean; help?: string; cause?: unknown }) {
    super(reason, { cause: options.cause })
    this.retryable = options.retryable
    this.help = options.help ?? null
  }
}

export function cut(text: string, lengthMax = CAUSE_LENGTH_MAX): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax).toWellFormed()}…`
}
