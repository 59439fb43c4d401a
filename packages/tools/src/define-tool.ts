import type { ToolContext } from '@agentloom/engine/ports'
import { AgentloomError, fromPlain, toPlain, type Value, type ValueMap } from '@agentloom/workflow'
import type { z } from 'zod'
import { TIMER_MS_MAX } from './arguments.ts'
import { cut, Fault, ToolDefinitionError, ToolInputError } from './errors.ts'
import { Deadline } from './http/deadline.ts'

const NAME = /^[A-Za-z0-9_-]{1,64}$/

/** What a custom tool may know of the step that calls it. `signal` fires when the step ends; stop then. */
export type ToolRunContext = Pick<ToolContext, 'signal' | 'runId' | 'stepId' | 'idempotencyKey' | 'runFolder'>

export interface ToolDefinition<Input extends z.ZodObject> {
  /** `[A-Za-z0-9_-]{1,64}`, the names that every model provider accepts. */
  readonly name: string
  readonly description?: string
  readonly input: Input
  /** Milliseconds of one call; default: as long as its step may take. */
  readonly timeoutMs?: number
  /**
   * What happens to a model's call that had begun when its worker was lost. `retry`, the default, makes it again, with the same
   * idempotency key; `ask` parks the step for a human; `verify` looks whether it happened.
   */
  readonly onUnknown?: 'retry' | 'ask' | { readonly verify: VerifyTool<Input> }
  /** Gets checked input with plain numbers; gives JSON, up to 10 MiB. It runs without a sandbox. */
  run(input: z.output<Input>, context: ToolRunContext): unknown
}

/** Gives what the call with this input and key gave, or undefined if it did not happen. */
export type VerifyTool<Input extends z.ZodObject> = (input: z.output<Input>, context: ToolRunContext) => unknown

/** A custom tool, to be handed to `createToolBox`. */
export interface Tool {
  readonly name: string
  readonly description: string
  readonly onUnknown: 'retry' | 'ask' | 'verify'
  call(args: ValueMap, context: ToolContext): Promise<Value>
  /** Null: the call did not happen. */
  verify(args: ValueMap, context: ToolContext): Promise<{ readonly result: Value } | null>
}

/** Whether a module's export is a tool made by `defineTool`. */
export function isTool(value: unknown): value is Tool {
  if (typeof value !== 'object' || value === null) return false
  if (!('name' in value && 'onUnknown' in value && 'call' in value && 'verify' in value)) return false
  const { name, onUnknown, call, verify } = value
  return [name, onUnknown].every(isText) && [call, verify].every((part) => typeof part === 'function')
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

/**
 * A tool of your own, for `tool` steps and for models.
 * @throws {ToolDefinitionError} the name is none
 */
export function defineTool<Input extends z.ZodObject>(definition: ToolDefinition<Input>): Tool {
  const { name, description = '', input, onUnknown = 'retry', timeoutMs = null } = definition
  if (!NAME.test(name)) throw new ToolDefinitionError(`tool name '${cut(name, 100)}' does not match ${NAME.source}`)
  if (timeoutMs !== null && !(timeoutMs > 0 && timeoutMs <= TIMER_MS_MAX))
    throw new ToolDefinitionError(`tool '${name}': timeoutMs must be above 0 and at most ${TIMER_MS_MAX}`)

  /** Checks the input and lets users' code have it, within the time that there is. */
  const call = async (work: VerifyTool<Input>, args: ValueMap, context: ToolContext): Promise<unknown> => {
    const parsed = await input.safeParseAsync(toPlain(args))
    if (!parsed.success)
      throw new ToolInputError(
        name,
        parsed.error.issues.map(({ path, message }) => ({ path: ['input', ...path].join('.'), message })),
      )
    const { runId, stepId, idempotencyKey, runFolder } = context
    using deadline = timeoutMs === null ? null : new Deadline(timeoutMs, context.signal)
    const signal = deadline?.signal ?? context.signal
    try {
      return await orAborted(
        () => runSafely(work, parsed.data, { signal, runId, stepId, idempotencyKey, runFolder }),
        signal,
      )
    } catch (error) {
      if (deadline?.hasRunOut === true) throw new Fault(`timed out after ${timeoutMs} ms`, { retryable: true })
      throw error
    }
  }

  return {
    name,
    description,
    onUnknown: typeof onUnknown === 'object' ? 'verify' : onUnknown,
    call: async (args, context) =>
      fromPlain(await call((parsed, inside) => definition.run(parsed, inside), args, context)),
    async verify(args, context) {
      if (typeof onUnknown !== 'object') return null
      const found = await call(onUnknown.verify, args, context)
      return found === undefined ? null : { result: fromPlain(found) }
    },
  }
}

/** Whatever users' code throws becomes a fault, described without trusting it. */
async function runSafely<Input extends z.ZodObject>(
  work: VerifyTool<Input>,
  input: z.output<Input>,
  context: ToolRunContext,
): Promise<unknown> {
  try {
    return await work(input, context)
  } catch (error) {
    throw new Fault(describe(error), { retryable: isRetryable(error), cause: error })
  }
}

/** A tool that does not listen to its signal holds nobody up. */
async function orAborted<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work(), aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function isRetryable(error: unknown): boolean {
  try {
    return error instanceof AgentloomError ? error.retryable : true
  } catch {
    return true
  }
}

/** A message of what was thrown: it may be no error, or have a `message` that throws itself. */
function describe(error: unknown): string {
  try {
    if (Error.isError(error)) return String(error.message) || String(error.name)
    return `NonError: ${String(error)}`
  } catch {
    return 'NonError: something that cannot be described'
  }
}
