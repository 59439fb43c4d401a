import {
  resolveArgument,
  type Argument,
  type Broken,
  type ToolStep,
  type Value,
  type ValueMap,
} from '@agentloom/workflow'
import type { Attempt, Executors, StepResult } from './attempt.ts'
import { whole } from './failure.ts'
import { NO_USAGE } from '../journal/record.ts'

export async function runTool({ tools, runFolder }: Executors, attempt: Attempt, step: ToolStep): Promise<StepResult> {
  const output = await tools.call(whole(step.toolName), resolveArguments(step.args, attempt), {
    signal: attempt.held.signal,
    runId: attempt.header.runId,
    stepId: step.id,
    idempotencyKey: attempt.idempotencyKey,
    runFolder: runFolder(attempt.header.runId),
    sandbox: attempt.plan.config.sandbox,
  })
  return { output, usage: NO_USAGE }
}

export function resolveArguments(args: { readonly [name: string]: Argument | Broken }, attempt: Attempt): ValueMap {
  const resolved: { [name: string]: Value } = Object.create(null)
  for (const [name, argument] of Object.entries(args)) {
    const read = whole(argument)
    resolved[name] = read.kind === 'literal' ? read.value : resolveArgument(read, attempt.state())
  }
  return resolved
}
