import {
  resolveArgument,
  type Argument,
  type Broken,
  type ToolStep,
  type Value,
  type ValueMap,
} from '@agentloom/workflow'
import { NO_USAGE } from '../journal/record.ts'
import type { Attempt, Executors, StepResult } from './attempt.ts'
import { whole } from './failure.ts'
import { secretsFor } from './secrets.ts'
import { contextOf } from './tool-calls.ts'

export async function runTool(executors: Executors, attempt: Attempt, step: ToolStep): Promise<StepResult> {
  const name = whole(step.toolName)
  const args = await resolveArguments(executors, step.args, attempt)
  const output = await executors.tools.call(name, args, contextOf(executors, attempt, attempt.idempotencyKey))
  return { output, usage: NO_USAGE }
}

/** @throws {TemplateError | BrokenTextError | MissingSecretError} */
export async function resolveArguments(
  executors: Executors,
  args: { readonly [name: string]: Argument | Broken },
  attempt: Attempt,
): Promise<ValueMap> {
  const read = Object.entries(args).map(([name, argument]) => [name, whole(argument)] as const)
  const secrets = await secretsFor(
    executors,
    attempt,
    read.map(([, argument]) => argument),
  )
  const resolved: { [name: string]: Value } = Object.create(null)
  for (const [name, argument] of read)
    resolved[name] = argument.kind === 'literal' ? argument.value : resolveArgument(argument, attempt.state(), secrets)
  return resolved
}
