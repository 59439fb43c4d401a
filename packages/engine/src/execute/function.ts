import {
  fromPlain,
  toPlain,
  type FunctionContext,
  type FunctionDefinition,
  type FunctionStep,
  type Value,
} from '@agentloom/workflow'
import { NO_USAGE } from '../journal/record.ts'
import type { Attempt, Executors, StepResult } from './attempt.ts'
import { StepConfigError } from './failure.ts'
import { resolveArguments } from './tool.ts'

/** The functions that this process has. */
export interface Functions {
  get(name: string): FunctionDefinition | null
}

/**
 * Functions by name.
 * @throws {StepConfigError} `function/twice` when two have one name
 */
export function functionsOf(definitions: Iterable<FunctionDefinition>): Functions {
  const byName = new Map<string, FunctionDefinition>()
  for (const definition of definitions) {
    if (byName.has(definition.name) && byName.get(definition.name) !== definition) {
      throw new StepConfigError(
        'function/twice',
        `two functions are named ${definition.name}`,
        'give one of them another name',
      )
    }
    byName.set(definition.name, definition)
  }
  return { get: (name) => byName.get(name) ?? null }
}

export async function runFunction(
  { functions, observe }: Executors,
  attempt: Attempt,
  step: FunctionStep,
): Promise<StepResult> {
  const definition = functions.get(step.handler)
  if (definition === null) throw new StepConfigError('function/unknown', `no function is named ${step.handler}`)
  const input = check(definition.input, toPlain(resolveArguments(step.input, attempt)), 'step/input', step.handler)
  const returned: unknown = await definition.run(input, contextOf(attempt, observe))
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

/** A literal: handlers spread it (`{...ctx}`), and must not lose the signal by that. */
function contextOf(
  { held, header, node, idempotencyKey, number }: Attempt,
  observe: Executors['observe'],
): FunctionContext {
  const { runId } = header
  return {
    get signal() {
      return held.signal // made when it is asked for: most steps are over before
    },
    idempotencyKey,
    runId,
    stepId: node.id,
    attempt: number,
    epoch: held.claim.epoch,
    log: (message, fields = {}) => observe({ kind: 'step-log', runId, stepId: node.id, message, fields }),
  }
}
