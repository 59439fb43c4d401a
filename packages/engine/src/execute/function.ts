import {
  fromPlain,
  handlerOf,
  isServedBy,
  toPlain,
  type FunctionContext,
  type FunctionDefinition,
  type FunctionStep,
  type Value,
} from '@agentloom/workflow'
import { NO_USAGE } from '../journal/record.ts'
import type { Held } from '../walk/held.ts'
import type { Attempt, Executors, StepResult } from './attempt.ts'
import { StepConfigError } from './failure.ts'
import { whileNotIdle } from './idle.ts'
import { hasSecrets, masked, maskedValue, secretOf } from './secrets.ts'
import { resolveArguments } from './tool.ts'

/** The functions that this process has. */
export interface Functions {
  /** By what a workflow names: `name@version` is that version and no other, `name` the one without, else the highest. */
  get(handler: string): FunctionDefinition | null
  /** All of them, `name` or `name@version`, sorted: what a worker announces. */
  names(): readonly string[]
}

/**
 * Functions by name and version.
 * @throws {StepConfigError} `function/twice` when two are alike in both
 */
export function functionsOf(definitions: Iterable<FunctionDefinition>): Functions {
  const byHandler = new Map<string, FunctionDefinition>()
  for (const definition of definitions) {
    const handler = handlerOf(definition)
    if (byHandler.has(handler) && byHandler.get(handler) !== definition) {
      throw new StepConfigError(
        'function/twice',
        `two functions are named ${handler}`,
        'give one of them another name, or another version',
      )
    }
    byHandler.set(handler, definition)
  }
  const names = [...byHandler.keys()].sort()
  const highestFirst = names.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  return {
    get(handler) {
      const found = byHandler.get(handler)
      if (found !== undefined) return found
      const any = highestFirst.find((name) => isServedBy(handler, name))
      return any === undefined ? null : (byHandler.get(any) ?? null)
    },
    names: () => names,
  }
}

export async function runFunction(executors: Executors, attempt: Attempt, step: FunctionStep): Promise<StepResult> {
  const { functions } = executors
  const definition = functions.get(step.handler)
  if (definition === null) throw new StepConfigError('function/unknown', `no function is named ${step.handler}`)
  const args = await resolveArguments(executors, step.input, attempt)
  const input = check(definition.input, toPlain(args), 'step/input', step.handler)
  const returned: unknown = await whileNotIdle(executors, attempt, definition.idleTimeoutMs ?? null, () =>
    definition.run(input, contextOf(executors, attempt)),
  )
  const output = definition.output === null ? returned : check(definition.output, returned, 'step/output', step.handler)
  return { output: fromPlain(output) satisfies Value, usage: NO_USAGE }
}

function check(
  schema: FunctionDefinition['input'],
  value: unknown,
  code: 'step/input' | 'step/output',
  handler: string,
): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues
    .slice(0, ISSUES_MAX)
    .map(({ path, message }) => `${['$', ...path].map(String).join('.')}: ${message}`)
  throw new StepConfigError(code, `function ${handler}: ${issues.join('; ')}`)
}

const ISSUES_MAX = 5 // the first few tell what is wrong; a list of thousands tells nothing

/** The step behind a context, for the one getter that all contexts share. */
const HELD = Symbol('held')

type OwnContext = FunctionContext & { readonly [HELD]: Held }

/**
 * The signal is made when it is asked for: most steps are over before. It is the object's own, so that handlers that spread their
 * context keep it; and one getter for all, because each getter of its own makes V8 a hidden class of its own, which outlives
 * many steps (half of what a `foreach` of no-op functions cost).
 */
const SIGNAL: PropertyDescriptor & ThisType<OwnContext> = {
  get() {
    return this[HELD].signal
  },
  enumerable: true,
  configurable: true,
}

function contextOf(executors: Executors, attempt: Attempt): FunctionContext {
  const { held, header, node, idempotencyKey, number } = attempt
  const { runId } = header
  const context: Omit<OwnContext, 'signal'> = {
    [HELD]: held,
    idempotencyKey,
    runId,
    stepId: node.id,
    attempt: number,
    epoch: held.claim.epoch,
    secret: (name) => secretOf(executors, attempt, name),
    heartbeat: () => held.progress(),
    log: (text, fields = {}) => {
      held.progress()
      const message = masked(attempt, text)
      executors.observe({ kind: 'step-log', runId, stepId: node.id, message, fields: maskedFields(attempt, fields) })
    },
  }
  return Object.defineProperty(context, 'signal', SIGNAL) as OwnContext // with what the line adds
}

/** Fields of a log line that are JSON; others can hold no secret that would be printed as it is. */
function maskedFields(attempt: Attempt, fields: object): object {
  if (!hasSecrets(attempt)) return fields
  try {
    const shown = toPlain(maskedValue(attempt, fromPlain(fields)))
    return typeof shown === 'object' && shown !== null ? shown : {}
  } catch {
    return { note: 'fields that are no JSON are not shown by a step with secrets' }
  }
}
