import { AgentloomError, isList, writeValue, type ErrorInfo, type ForeachStep, type Value } from '@agentloom/workflow'
import { NO_USAGE } from '../journal/record.ts'
import type { Wait } from '../ports/journal.ts'
import { Held, StepAbortedError } from '../walk/held.ts'
import type { Attempt, Executors, SpentUsage, StepResult, StepWait } from './attempt.ts'
import { earlierItems } from './earlier-items.ts'
import { failureOf, StepConfigError, whole } from './failure.ts'
import { ItemLog } from './item-log.ts'
import { Items } from './items.ts'
import { readNotes, writeNote, type StepNote } from './notes.ts'
import { backoffMs, isTriedAgain } from './retry.ts'
import { masked, maskedValue, MissingSecretError } from './secrets.ts'
import { resolveArguments } from './tool.ts'

/** Items of one step: more belong into several steps, or into a service of their own. */
const ITEMS_MAX = 100_000
/** Characters of the whole list as JSON; as much as any other step may give. */
const OUTPUT_CHARACTERS_MAX = 10 * 1024 * 1024

/** Runs the body of one item to its end or deadline. */
export type RunBody = (executors: Executors, attempt: Attempt) => Promise<StepResult | StepWait>

/** Items failed for good: the first one's error speaks for all. */
export class ItemFailedError extends AgentloomError {
  override readonly name = 'ItemFailedError'
  readonly code: AgentloomError['code']
  /** False where another attempt would fail the same. */
  readonly retryable: boolean
  override readonly help: string | null
  constructor(
    error: ErrorInfo,
    at: { readonly index: number; readonly othersCount: number },
    { retryable }: { readonly retryable: boolean },
  ) {
    const others = at.othersCount === 0 ? '' : ` (and ${at.othersCount} more)`
    super(`item ${at.index}: ${error.message}${others}`)
    this.code = /^[^/]+\/[^/]+$/.test(error.code) ? (error.code as AgentloomError['code']) : 'step/threw' // checked on this line
    this.help = error.help
    this.retryable = retryable
  }
}

/**
 * Does the body for each item, some at once, and gives the list of what they gave, in the order of the items. The end of each is
 * written down, so that nobody repeats it. A failed item fails the step, after all others have ended.
 */
export async function runForeach(
  executors: Executors,
  attempt: Attempt,
  step: ForeachStep,
  runBody: RunBody,
): Promise<StepResult | StepWait> {
  const body = whole(step.body)
  const { items: given = null } = await resolveArguments(executors, { items: step.items }, attempt)
  if (!isList(given)) throw new StepConfigError('step/input', `Step '${step.id}': 'items' is no list`)
  const list: readonly Value[] = given
  if (list.length > ITEMS_MAX)
    throw new StepConfigError(
      'step/input',
      `Step '${step.id}': ${list.length} items, at most ${ITEMS_MAX} are possible`,
    )

  const earlier: StepNote = { kind: 'items', items: await earlierItems(attempt) }
  const items = new Items([earlier, ...(await readNotes(attempt))], list.length, attempt.number)
  const log = new ItemLog((ended, usage) => writeNote(attempt, { kind: 'items', items: ended }, usage))
  const working = new Set<Held>()
  attempt.held.signal.addEventListener('abort', () => {
    for (const held of working) held.abort(attempt.held.reason ?? 'lost')
  })
  /** Items that no attempt can change. What failed before a crash is not known to be one. */
  const hopeless = new Set<number>()
  const state = attempt.state()
  let wait: Wait | null = null
  let size = 0

  const workerCount = Math.min(step.maxConcurrent, list.length)
  try {
    await Promise.all(Array.from({ length: workerCount }, () => work()))
  } catch (error) {
    items.stop()
    for (const held of working) held.abort('lost')
    throw error
  }
  if (wait !== null) return { wait }
  const failed = items.firstFailed()
  if (failed !== null)
    throw new ItemFailedError(failed.error, failed, { retryable: hopeless.size <= failed.othersCount })
  return { output: items.outputs(), usage: NO_USAGE }

  async function work(): Promise<void> {
    for (let index = items.next(); index !== null; index = items.next()) await runItem(index)
  }

  async function runItem(index: number): Promise<void> {
    for (;;) {
      if (attempt.held.reason !== null) throw new StepAbortedError(attempt.held.reason)
      const failures = items.failuresOf(index)
      const result = await tryOnce(index, failures)
      if ('wait' in result) {
        wait ??= result.wait
        return
      }
      if ('output' in result) {
        const output = maskedValue(attempt, result.output)
        await items.end(log, { index, output }, result.usage)
        size += sizeOf(output)
        if (size > OUTPUT_CHARACTERS_MAX)
          throw new StepConfigError(
            'step/output',
            `Step '${step.id}': the list is larger than ${OUTPUT_CHARACTERS_MAX} characters`,
          )
        return
      }
      const failure = failureOf(result.failure, `item ${index}`)
      const error = { ...failure.info, message: masked(attempt, failure.info.message) }
      const isFinal = !isTriedAgain(body.retry, failures + 1, failure)
      if (!isTriedAgain({ ...body.retry, retriesMax: Infinity }, 1, failure)) hopeless.add(index)
      const end = { index, failures: failures + 1, attempt: attempt.number, isFinal, error }
      await items.end(log, end, result.usage)
      if (isFinal) return
      await executors.clock.sleep(backoffMs(body.retry, failures + 1, executors.random), attempt.held.signal)
    }
  }

  async function tryOnce(index: number, failures: number): Promise<StepResult | StepWait> {
    const held = new Held(attempt.held.claim)
    working.add(held)
    try {
      return await runBody(executors, {
        ...attempt,
        node: { ...attempt.node, step: body },
        number: failures + 1,
        held,
        idempotencyKey: `${attempt.idempotencyKey}:${index}`,
        state: () => ({ ...state, item: list[index] ?? null, index }),
        notebook: items.notebook(index, attempt),
      })
    } catch (thrown) {
      if (attempt.held.reason !== null) throw new StepAbortedError(attempt.held.reason)
      if (held.reason === 'lost') throw new StepAbortedError('lost') // given up with the others: that is no failure of its own
      if (thrown instanceof MissingSecretError) return { wait: thrown.wait }
      return { failure: thrown, usage: NO_USAGE satisfies SpentUsage }
    } finally {
      working.delete(held)
    }
  }
}

function sizeOf(value: Value): number {
  return typeof value === 'string' ? value.length : typeof value === 'object' ? writeValue(value).length : 8
}
