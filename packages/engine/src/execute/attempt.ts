import type { Plan, PlanNode, ValueMap } from '@agentloom/workflow'
import { checkWritable, writeValue, type Value } from '@agentloom/workflow'
import type { Clock, Random } from '../ports/clock.ts'
import type { RunHeader, Settlement } from '../ports/journal.ts'
import type { Models } from '../ports/models.ts'
import type { Observer } from '../ports/runtime.ts'
import type { ToolBox } from '../ports/toolbox.ts'
import { NO_USAGE, type StepUsage } from '../journal/record.ts'
import { StepAbortedError, type Held } from '../walk/held.ts'
import { failureOf, StepTimedOutError, whole } from './failure.ts'
import { runFunction, type Functions } from './function.ts'
import { runLlmCall } from './llm-call.ts'
import { backoffMs, isTriedAgain } from './retry.ts'
import { runRouter } from './router.ts'
import { runTool } from './tool.ts'

/** What a process can do for steps. */
export interface Executors {
  readonly models: Models
  readonly tools: ToolBox
  readonly functions: Functions
  readonly clock: Clock
  readonly random: Random
  readonly observe: Observer
  /** Absolute folder where a run's relative paths start. */
  readonly runFolder: (runId: string) => string
}

/** One try of one step: everything that a step type may look at. */
export interface Attempt {
  readonly plan: Plan
  readonly node: PlanNode
  readonly header: RunHeader
  /** 1-based. */
  readonly number: number
  readonly held: Held
  /** The state that the step sees (scheduling.md rule 6), folded when first asked for. */
  state(): ValueMap
  /** Stays the same over attempts and workers. */
  readonly idempotencyKey: string
}

export interface StepResult {
  readonly output: Value
  readonly usage: Omit<StepUsage, 'durationMs'>
}

/** Deadline of a step that names none: long enough for any model call, short enough that a forgotten promise ends. */
const DEFAULT_TIMEOUT_MS = 15 * 60_000

/**
 * Runs one attempt to its settlement. Whatever the body throws, returns or forgets becomes a settlement; null when the
 * step was given up from outside (cancelled, paused, lost, drained) and nothing may be written.
 */
export async function runAttempt(executors: Executors, attempt: Attempt): Promise<Settlement | null> {
  const { clock, random } = executors
  const { node, held } = attempt
  const startedAt = clock.monotonic()
  const usage = (used: Omit<StepUsage, 'durationMs'> = NO_USAGE): StepUsage => ({
    ...used,
    durationMs: Math.max(0, Math.round((clock.monotonic() - startedAt) * 1000) / 1000),
  })
  try {
    const result = await raceDeadline(executors, attempt)
    return { kind: 'success', output: writeValue(result.output), usage: usage(result.usage) }
  } catch (thrown) {
    if (held.reason !== null && held.reason !== 'timeout') return null
    const failure = failureOf(thrown, `run ${attempt.header.runId} · step ${node.id}`)
    const status = thrown instanceof StepTimedOutError ? 'timeout' : 'failed'
    if (!isTriedAgain(node.step.retry, attempt.number, failure))
      return { kind: status, error: failure.info, usage: usage() }
    return {
      kind: 'retry',
      status,
      error: failure.info,
      usage: usage(),
      delayMs: backoffMs(node.step.retry, attempt.number, random),
    }
  }
}

function raceDeadline(executors: Executors, attempt: Attempt): Promise<StepResult> {
  const { node, held } = attempt
  const timeoutMs = node.step.timeoutMs ?? DEFAULT_TIMEOUT_MS
  return new Promise((resolve, reject) => {
    const disarm = executors.clock.after(timeoutMs, () => {
      reject(new StepTimedOutError(node.id, timeoutMs))
      held.abort('timeout')
    })
    held.whenAborted(() => reject(new StepAbortedError(held.reason ?? 'lost')))
    runBody(executors, attempt).then(
      (result) => {
        disarm()
        resolve(result)
      },
      (error: unknown) => {
        disarm()
        reject(error)
      },
    )
  })
}

async function runBody(executors: Executors, attempt: Attempt): Promise<StepResult> {
  const { step } = attempt.node
  const output = whole(step.output)
  if (output !== null && output.segments.length > 1) checkWritable(attempt.state(), output)
  switch (step.type) {
    case 'function':
      return runFunction(executors, attempt, step)
    case 'llm_call':
      return runLlmCall(executors, attempt, step)
    case 'tool':
      return runTool(executors, attempt, step)
    case 'router':
      return runRouter(attempt, step)
    default:
      return step satisfies never
  }
}
