import { AgentloomError, type Broken, type ErrorInfo } from '@agentloom/workflow'

const MESSAGE_BYTES_MAX = 8 * 1024 // what a journal, a queue and a page can show; a prompt inside an error must not be kept
const CAUSE_DEPTH_MAX = 5

/** A step ran longer than its `timeout`, or waited longer than it may. */
export class StepTimedOutError extends AgentloomError {
  override readonly name = 'StepTimedOutError'
  readonly code = 'step/timed-out'
  readonly retryable: boolean
  override readonly help: string
  /** @param waited what did not come in time: waiting once more is a decision for whoever resumes the run */
  constructor(stepId: string, timeoutMs: number, waited: string | null = null) {
    super(waited === null ? `step ${stepId} took longer than ${timeoutMs} ms` : `step ${stepId}: ${waited}`)
    this.retryable = waited === null
    this.help = waited === null ? 'raise the step’s timeout, or make it faster' : '`agentloom resume` waits once more'
  }
}

/** A function did not tell for too long that it gets on. */
export class StepIdleError extends AgentloomError {
  override readonly name = 'StepIdleError'
  readonly code = 'step/idle'
  readonly retryable = true
  override readonly help = 'call ctx.heartbeat() more often, or raise the function’s idleTimeoutMs'
  constructor(stepId: string, idleTimeoutMs: number) {
    super(`step ${stepId} showed no progress for ${idleTimeoutMs} ms`)
  }
}

/** A step is put together in a way that can't run. */
export class StepConfigError extends AgentloomError {
  override readonly name = 'StepConfigError'
  readonly code:
    | 'step/config'
    | 'gate/decision'
    | 'step/input'
    | 'step/output'
    | 'router/no-match'
    | 'function/unknown'
    | 'function/twice'
  readonly retryable = false
  override readonly help: string | null
  constructor(code: StepConfigError['code'], message: string, help: string | null = null) {
    super(message)
    this.code = code
    this.help = help
  }
}

/** What users' code threw, whatever it was, as data: nothing of it is trusted to answer quietly. */
export interface Failure {
  readonly info: ErrorInfo
  /** Whether trying again may help, as far as the error itself says. */
  readonly isRetryable: boolean
  /** HTTP status, where the error has one. */
  readonly status: number | null
}

export function failureOf(thrown: unknown, place: string): Failure {
  if (thrown instanceof AgentloomError) {
    const { code, message, help } = thrown
    const info = {
      code,
      message: cut(message),
      place: thrown.place === null ? place : `${place} · ${thrown.place}`,
      help,
    }
    return { info, isRetryable: thrown.retryable, status: statusOf(thrown) }
  }
  return {
    info: { code: 'step/threw', message: cut(describe(thrown, CAUSE_DEPTH_MAX)), place, help: null },
    isRetryable: true,
    status: statusOf(thrown),
  }
}

function describe(thrown: unknown, depth: number): string {
  try {
    if (!Error.isError(thrown)) return `NonError: ${typeof thrown === 'symbol' ? thrown.toString() : String(thrown)}`
    const { name, message, cause } = thrown
    const own = message === '' ? String(name) : `${String(name)}: ${String(message)}`
    return cause === undefined || depth === 0 || cause === thrown
      ? own
      : `${own} (cause: ${describe(cause, depth - 1)})`
  } catch {
    return 'an error that cannot be read'
  }
}

function statusOf(thrown: unknown): number | null {
  try {
    if (typeof thrown !== 'object' || thrown === null || !('status' in thrown)) return null
    return typeof thrown.status === 'number' ? thrown.status : null
  } catch {
    return null
  }
}

function cut(message: string): string {
  return message.length <= MESSAGE_BYTES_MAX
    ? message.toWellFormed()
    : `${message.slice(0, MESSAGE_BYTES_MAX).toWellFormed()} … (cut)`
}

/** A text of the workflow that could not be read; the step that holds it fails when it is reached. */
export class BrokenTextError extends AgentloomError {
  override readonly name = 'BrokenTextError'
  readonly code: AgentloomError['code']
  readonly retryable = false
  override readonly place: string | null
  override readonly help: string | null
  constructor({ broken }: Broken) {
    super(broken.message)
    this.code = /^[^/]+\/[^/]+$/.test(broken.code) ? (broken.code as AgentloomError['code']) : 'step/config' // checked on this line
    this.place = broken.place
    this.help = broken.help
  }
}

/** What the compiler could read; else the step's error. @throws {BrokenTextError} */
export function whole<Part>(part: Part | Broken): Part {
  if (typeof part === 'object' && part !== null && 'broken' in part) throw new BrokenTextError(part)
  return part
}
