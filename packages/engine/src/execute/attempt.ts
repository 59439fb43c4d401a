import type { Plan, PlanNode, ValueMap } from '@agentloom/workflow'
import { checkWritable, writeValue, type Value } from '@agentloom/workflow'
import type { Clock, Random } from '../ports/clock.ts'
import type { AppendReply, Journal, Note, RunHeader, Settlement, Wait, Wake } from '../ports/journal.ts'
import type { Models } from '../ports/models.ts'
import type { Observer, Plans } from '../ports/runtime.ts'
import type { ToolBox } from '../ports/toolbox.ts'
import type { Webhooks } from '../ports/webhooks.ts'
import { NO_USAGE, type StepUsage } from '../journal/record.ts'
import type { Follower } from '../walk/follow.ts'
import { StepAbortedError, type Held } from '../walk/held.ts'
import { cachePlace, type Cache } from './cache.ts'
import { ChildRunError } from './child-run-error.ts'
import { failureOf, StepIdleError, StepTimedOutError, whole } from './failure.ts'
import { runForeach } from './foreach.ts'
import { runGate } from './gate.ts'
import { runFunction, type Functions } from './function.ts'
import { runLlmCall } from './llm-call.ts'
import type { StepNote } from './notes.ts'
import { backoffMs, isTriedAgain } from './retry.ts'
import { runRouter } from './router.ts'
import { masked, maskedValue, MissingSecretError, type Secrets } from './secrets.ts'
import { runSleep } from './sleep.ts'
import { runSubworkflow } from './subworkflow.ts'
import { runTool } from './tool.ts'
import { runWaitFor } from './wait-for.ts'

/** What a process can do for steps. */
export interface Executors {
  readonly models: Models
  readonly tools: ToolBox
  readonly functions: Functions
  readonly clock: Clock
  readonly random: Random
  readonly observe: Observer
  /** For gates that notify; without it they only wait. */
  readonly webhooks?: Webhooks
  /** Absolute folder where a run's relative paths start. */
  readonly runFolder: (runId: string) => string
  /** Default: environment variables of this process, but for the engine's own. */
  readonly secrets?: Secrets
  /** Default: one of this process alone, of 64 Mi characters. */
  readonly cache?: Cache
}

/** One try of one step: everything that a step type may look at. */
export interface Attempt {
  readonly plan: Plan
  readonly node: PlanNode
  readonly header: RunHeader
  /** 1-based: failures of this visit so far, plus one. */
  readonly number: number
  /** 1-based: how often the step was reopened, plus one. */
  readonly visit: number
  /** What ended the step's last wait in this visit; null where it has not waited. */
  readonly wake: Wake | null
  readonly journal: Journal
  /** Rings for child runs. */
  readonly follower: Follower
  /** For those that must look at other runs of the tree. */
  readonly plans: Plans
  readonly held: Held
  /** The state that the step sees (scheduling.md rule 6), folded when first asked for. */
  state(): ValueMap
  /** `runId:stepId:visit`: stays the same over attempts and workers. */
  readonly idempotencyKey: string
  /** Where the notes of an item of a `foreach` go; without one, they are the step's own. */
  readonly notebook?: Notebook
}

export interface Notebook {
  readonly index: number
  append(note: Note): Promise<AppendReply>
  /** Those of this visit, oldest first. */
  readonly notes: readonly StepNote[]
}

/** Without the duration, which `runAttempt` measures; of the rest only what no note has named. */
export type SpentUsage = Omit<StepUsage, 'durationMs'>

export type StepResult =
  | { readonly output: Value; readonly usage: SpentUsage }
  /** It failed, and what it spent counts all the same. */
  | { readonly failure: unknown; readonly usage: SpentUsage }

/** The step gives its place up until what it waits for comes. */
export interface StepWait {
  readonly wait: Wait
  readonly usage?: SpentUsage
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
  const usage = (used: SpentUsage = NO_USAGE): StepUsage => ({
    ...used,
    durationMs: Math.max(0, Math.round((clock.monotonic() - startedAt) * 1000) / 1000),
  })
  const failed = (thrown: unknown, used?: SpentUsage): Settlement => {
    const failure = failureOf(thrown, `run ${attempt.header.runId} · step ${node.id}`)
    const status = thrown instanceof StepTimedOutError || thrown instanceof StepIdleError ? 'timeout' : 'failed'
    const error = { ...failure.info, message: masked(attempt, failure.info.message) }
    if (isTriedAgain(node.step.retry, attempt.number, failure))
      return {
        kind: 'retry',
        status,
        error,
        usage: usage(used),
        delayMs: backoffMs(node.step.retry, attempt.number, random),
      }
    const left = thrown instanceof ChildRunError ? { output: thrown.output } : {}
    return { kind: status, error, usage: usage(used), ...left }
  }
  try {
    const result = await raceDeadline(executors, attempt)
    if ('wait' in result) return { kind: 'wait', wait: result.wait, usage: usage(result.usage) }
    if ('failure' in result) return failed(result.failure, result.usage)
    return { kind: 'success', output: writeValue(maskedValue(attempt, result.output)), usage: usage(result.usage) }
  } catch (thrown) {
    if (held.reason !== null && held.reason !== 'timeout') return null
    if (thrown instanceof StepAbortedError && thrown.reason === 'lost') return null
    if (thrown instanceof MissingSecretError) return { kind: 'wait', wait: thrown.wait, usage: usage() }
    return failed(thrown)
  }
}

function raceDeadline(executors: Executors, attempt: Attempt): Promise<StepResult | StepWait> {
  const { node, held } = attempt
  // A `foreach` takes as long as it has items; each of those has a deadline.
  const timeoutMs = node.step.timeoutMs ?? (node.step.type === 'foreach' ? null : DEFAULT_TIMEOUT_MS)
  return new Promise((resolve, reject) => {
    const disarm =
      timeoutMs === null
        ? () => undefined
        : executors.clock.after(timeoutMs, () => {
            reject(new StepTimedOutError(node.id, timeoutMs))
            held.abort('timeout')
          })
    held.whenAborted(() => reject(held.timedOutBy ?? new StepAbortedError(held.reason ?? 'lost')))
    runCached(executors, attempt).then(
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

async function runCached(executors: Executors, attempt: Attempt): Promise<StepResult | StepWait> {
  const { step } = attempt.node
  const output = whole(step.output)
  if (output !== null && output.segments.length > 1) checkWritable(attempt.state(), output)
  if (step.cache === null) return runBody(executors, attempt)
  const place = cachePlace(executors, attempt, step.cache)
  const known = await place.found()
  if (known !== undefined) return { output: known, usage: NO_USAGE }
  const result = await runBody(executors, attempt)
  if ('output' in result) await place.keep(writeValue(maskedValue(attempt, result.output)))
  return result
}

/** Also of one item of a `foreach`. */
export async function runBody(executors: Executors, attempt: Attempt): Promise<StepResult | StepWait> {
  const { step } = attempt.node
  switch (step.type) {
    case 'function':
      return runFunction(executors, attempt, step)
    case 'llm_call':
      return runLlmCall(executors, attempt, step)
    case 'tool':
      return runTool(executors, attempt, step)
    case 'router':
      return runRouter(attempt, step)
    case 'foreach':
      return runForeach(executors, attempt, step, raceDeadline)
    case 'subworkflow':
      return runSubworkflow(executors, attempt, step)
    case 'approval_gate':
      return runGate(executors, attempt, step)
    case 'sleep':
      return runSleep(executors, attempt, step)
    case 'wait_for':
      return runWaitFor(attempt, step)
    default:
      return step satisfies never
  }
}
