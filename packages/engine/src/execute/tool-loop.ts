import { createHash } from 'node:crypto'
import type { LlmStep } from '@agentloom/workflow'
import type { ModelMessage, ModelReply } from '../ports/models.ts'
import { StepAbortedError } from '../walk/held.ts'
import type { Attempt, Executors, SpentUsage, StepResult, StepWait } from './attempt.ts'
import { Conversation } from './conversation.ts'
import { mockTurns } from './mock-turns.ts'
import { readNotes, writeNote, type StepNote } from './notes.ts'
import { structuredAnswer } from './structured.ts'
import { makeCalls } from './tool-calls.ts'

/**
 * Talks with a model until it has answered: asks it, makes the tool calls that it wants, all of one answer at once, tells it the
 * results, asks it again. Whatever has been answered is written down before anything follows from it, so that another
 * process goes on from there. An answer without calls is the settlement's own. At the limit the calls are made all the same:
 * they may be what the step is for, as with one round only.
 */
export async function converse(
  executors: Executors,
  attempt: Attempt,
  step: LlmStep,
  opening: readonly ModelMessage[],
): Promise<StepResult | StepWait> {
  const conversation = Conversation.of(await readNotes(attempt))
  const ask = await asking(executors, attempt, step, opening, conversation)
  const remember = async (note: StepNote, usage: SpentUsage | null = null): Promise<void> => {
    await writeNote(attempt, note, usage)
    conversation.add(note)
  }
  for (;;) {
    if (conversation.open !== null) {
      const wait = await makeCalls(executors, attempt, step, conversation.open, remember)
      if (wait !== null) return { wait }
      continue
    }
    const { turn, corrections } = conversation
    const isAtLimit = corrections === 0 && conversation.answers >= step.maxToolIterations
    const reply = isAtLimit ? null : await ask(remember)
    const usage = reply === null ? NOTHING_MORE : usageOf(reply)
    const text = reply === null ? conversation.lastText : reply.text
    if (reply !== null && step.tools.length > 0 && reply.toolCalls.length > 0 && corrections === 0) {
      await remember({ kind: 'answered', turn, text, calls: reply.toolCalls }, usage)
      continue
    }
    if (step.outputSchema === null) return { output: text, usage }
    const answer = structuredAnswer(step, step.outputSchema, text)
    if ('output' in answer) return { output: answer.output, usage }
    if (corrections > 0) {
      await remember({ kind: 'given-up', turn })
      return { failure: answer.error, usage }
    }
    if (reply !== null) await remember({ kind: 'answered', turn, text, calls: [] }, usage)
    await remember({ kind: 'corrected', turn, message: answer.correction })
  }
}

/** A function that puts the next question, and knows what was asked before. */
async function asking(
  { models, observe }: Executors,
  attempt: Attempt,
  step: LlmStep,
  opening: readonly ModelMessage[],
  conversation: Conversation,
): Promise<(remember: (note: StepNote) => Promise<void>) => Promise<ModelReply>> {
  const { plan, header, held, number } = attempt
  const { runId } = header
  const { temperature, maxTokens, tools, thinking } = step
  const hash = new RequestHash({ model: step.model, temperature, maxTokens, tools: tools.map(({ name }) => name) })
  // With tools the answer cannot be shown before it is known whether it is one.
  const isStream = step.stream && tools.length === 0
  const onText = (text: string): void => observe({ kind: 'step-text', runId, stepId: step.id, text })
  let mockTurn = await mockTurns(attempt, step.id)
  return async (remember) => {
    if (held.reason !== null) throw new StepAbortedError(held.reason)
    const messages = [...opening, ...conversation.messages]
    const { turn, corrections } = conversation
    if (tools.length > 0) await remember({ kind: 'asked', turn, request: hash.of(messages) })
    return models.call(
      {
        model: step.model,
        provider: plan.config.provider,
        messages,
        temperature,
        maxTokens,
        tools,
        toolChoice: corrections > 0 ? 'none' : step.toolChoice,
        stream: isStream,
        thinking,
        mock: plan.config.mock,
        stepId: step.id,
        turn: plan.config.mock === null ? turn + number - 1 : mockTurn++,
      },
      {
        signal: held.signal,
        runId,
        // Another attempt is another call: a vendor that remembers keys must not answer with the failure.
        idempotencyKey: `${attempt.idempotencyKey}:${turn + number - 1}`,
        onText: isStream ? onText : null,
      },
    )
  }
}

/** Of a growing list of messages; each is hashed once. */
class RequestHash {
  #hash: string
  #count = 0

  constructor(settings: object) {
    this.#hash = sha256(JSON.stringify(settings))
  }

  of(messages: readonly ModelMessage[]): string {
    for (const message of messages.slice(this.#count)) this.#hash = sha256(this.#hash + JSON.stringify(message, asText))
    this.#count = messages.length
    return this.#hash
  }
}

function asText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS)
}

/** Enough to tell requests of one step apart. */
const HASH_DIGITS = 16

/** The answer's own note has its usage. */
const NOTHING_MORE: SpentUsage = { tokens: 0, costNanoUsd: 0, model: null, provider: null }

function usageOf({ usage, costNanoUsd, model, provider }: ModelReply): SpentUsage {
  return { tokens: usage.totalTokens, costNanoUsd: costNanoUsd ?? 0, model, provider }
}
