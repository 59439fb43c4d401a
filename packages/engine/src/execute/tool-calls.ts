import { AgentloomError, pythonJson, type LlmStep, type Value } from '@agentloom/workflow'
import type { Wait } from '../ports/journal.ts'
import type { ToolCall } from '../ports/models.ts'
import type { ToolContext } from '../ports/toolbox.ts'
import { StepAbortedError } from '../walk/held.ts'
import type { Attempt, Executors } from './attempt.ts'
import type { OpenCalls, ToolOutcome } from './conversation.ts'
import { failureOf } from './failure.ts'
import type { StepNote } from './notes.ts'
import { decisionOf } from './decision.ts'

/**
 * Makes the tool calls of one answer that are still open, all at once. What a tool throws is a text for the model and never
 * fails the step. A call that was begun before and of which nobody knows whether it happened is treated as its tool declares.
 * @returns what the step has to wait for, or null when every call has its outcome
 */
export async function makeCalls(
  executors: Executors,
  attempt: Attempt,
  step: LlmStep,
  open: OpenCalls,
  remember: (note: StepNote) => Promise<void>,
): Promise<Wait | null> {
  const { tools } = executors
  const { turn, calls, outcomes } = open
  const isRefused = ({ name, arguments: args }: ToolCall): boolean => args === null || !isAllowed(attempt, step, name)
  const pending = calls.flatMap((call, index) => (outcomes[index] === null ? [{ call, index }] : []))
  const lost = new Set(open.begun)
  const asked = pending.filter(
    ({ call, index }) => lost.has(index) && !isRefused(call) && tools.onUnknown(call.name) === 'ask',
  )
  let skipped = new Set<number>()
  if (asked.length > 0) {
    const decision = open.decision ?? (await decisionOf(attempt, turn, remember))
    if (decision === null) return askHuman(asked.map(({ call }) => call))
    if (decision === 'skip') skipped = new Set(asked.map(({ index }) => index))
  }
  await Promise.all(
    pending.map(async ({ call, index }) => {
      const outcome = await outcomeOf(call, index)
      await remember({ kind: 'called', turn, call: index, ...outcome })
    }),
  )
  return null

  async function outcomeOf(call: ToolCall, index: number): Promise<ToolOutcome> {
    const { name, arguments: args } = call
    if (skipped.has(index)) return { isError: true, text: SKIPPED }
    if (!isAllowed(attempt, step, name)) return refusal(name, attempt, step, executors)
    if (args === null) return { isError: true, text: 'tool execution failed: the arguments are not a JSON object' }
    const context = contextOf(executors, attempt, `${attempt.idempotencyKey}:${turn}:${index}`)
    try {
      if (lost.has(index) && tools.onUnknown(name) === 'verify') {
        const found = await tools.verify(name, args, context)
        if (found !== null) return { isError: false, text: textOf(found.result) }
      }
      await remember({ kind: 'calling', turn, call: index, tool: name })
      return { isError: false, text: textOf(await tools.call(name, args, context)) }
    } catch (thrown) {
      // Given up in the middle: what the tool did is unknown, and not a failure.
      const { reason } = attempt.held
      if (reason !== null) throw new StepAbortedError(reason)
      if (isUnknownTool(thrown)) return unknownTool(name, attempt, step, executors)
      return { isError: true, text: `tool execution failed: ${causeOf(thrown, name)}` }
    }
  }
}

const SKIPPED = 'tool execution failed: nobody knows whether this call happened, and it was not made again'

export function contextOf({ runFolder }: Executors, attempt: Attempt, idempotencyKey: string): ToolContext {
  const { held, header, node, plan } = attempt
  const { runId } = header
  return {
    signal: held.signal,
    runId,
    stepId: node.id,
    idempotencyKey,
    runFolder: runFolder(runId),
    sandbox: plan.config.sandbox,
  }
}

/** Models may call what the step declares, and nothing else; with `tool_choice: none` nothing at all. */
function isAllowed({ plan }: Attempt, step: LlmStep, name: string): boolean {
  if (plan.compat.modelCallsAnyTool) return true
  return step.toolChoice !== 'none' && step.tools.some((tool) => tool.name === name)
}

function refusal(name: string, attempt: Attempt, step: LlmStep, executors: Executors): ToolOutcome {
  if (step.toolChoice !== 'none') return unknownTool(name, attempt, step, executors)
  return { isError: true, text: 'tool execution failed: no tool may be called (tool_choice: none)' }
}

function unknownTool(name: string, { plan }: Attempt, step: LlmStep, { tools }: Executors): ToolOutcome {
  const registered = tools.names()
  const names = plan.compat.modelCallsAnyTool
    ? registered
    : registered.filter((known) => step.tools.some((tool) => tool.name === known))
  const text = `tool '${name}' not registered: "Tool '${name}' not found. Available: ${names.join(', ')}"`
  return { isError: true, text }
}

function isUnknownTool(thrown: unknown): boolean {
  return thrown instanceof AgentloomError && thrown.code === 'tool/unknown'
}

/** What went wrong, without the name that the model knows already. */
function causeOf(thrown: unknown, name: string): string {
  const { message } = failureOf(thrown, '').info
  const prefix = `Tool '${name}' failed: `
  return message.startsWith(prefix) ? message.slice(prefix.length) : message
}

/** Text as it is, everything else as Python's JSON. */
function textOf(result: Value): string {
  return typeof result === 'string' ? result : pythonJson(result, { sortKeys: false })
}

function askHuman(calls: readonly ToolCall[]): Wait {
  const names = calls.map(({ name }) => name).join(', ')
  return {
    kind: 'parked',
    reason: 'ask',
    message: `nobody knows whether the call of ${names} happened before the worker was lost; decide 'retry' or 'skip'`,
    checkMs: null,
  }
}
