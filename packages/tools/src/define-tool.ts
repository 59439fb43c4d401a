import type { ToolContext } from '@agentloom/engine/ports'
import { AgentloomError, fromPlain, toPlain, type Value, type ValueMap } from '@agentloom/workflow'
import type { z } from 'zod'
import { cut, Fault, ToolDefinitionError, ToolInputError } from './errors.ts'

const NAME = /^[A-Za-z0-9_-]{1,64}$/

/** What a custom tool may know of the step that calls it. `signal` fires when the step ends; stop then. */
export type ToolRunContext = Pick<ToolContext, 'signal' | 'runId' | 'stepId' | 'idempotencyKey' | 'runFolder'>

export interface ToolDefinition<Input extends z.ZodObject> {
  /** `[A-Za-z0-9_-]{1,64}`, the names that every model provider accepts. */
  readonly name: string
  readonly description?: string
  readonly input: Input
  /** Gets checked input with plain numbers; gives JSON, up to 10 MiB. It runs without a sandbox. */
  run(input: z.output<Input>, context: ToolRunContext): unknown
}

/** A custom tool, to be handed to `createToolBox`. */
export interface Tool {
  readonly name: string
  readonly description: string
  call(args: ValueMap, context: ToolContext): Promise<Value>
}

/**
 * A tool of your own, for `tool` steps and for models.
 * @throws {ToolDefinitionError} the name is none
 */
export function defineTool<Input extends z.ZodObject>(definition: ToolDefinition<Input>): Tool {
  const { name, description = '', input } = definition
  if (!NAME.test(name)) throw new ToolDefinitionError(`tool name '${cut(name, 100)}' does not match ${NAME.source}`)
  return {
    name,
    description,
    async call(args, context) {
      const parsed = await input.safeParseAsync(toPlain(args))
      if (!parsed.success)
        throw new ToolInputError(
          name,
          parsed.error.issues.map(({ path, message }) => ({ path: ['input', ...path].join('.'), message })),
        )
      const { signal, runId, stepId, idempotencyKey, runFolder } = context
      const runContext = { signal, runId, stepId, idempotencyKey, runFolder }
      return fromPlain(await orAborted(() => runSafely(definition, parsed.data, runContext), signal))
    },
  }
}

/** Whatever users' code throws becomes a fault, described without trusting it. */
async function runSafely<Input extends z.ZodObject>(
  definition: ToolDefinition<Input>,
  input: z.output<Input>,
  context: ToolRunContext,
): Promise<unknown> {
  try {
    return await definition.run(input, context)
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
