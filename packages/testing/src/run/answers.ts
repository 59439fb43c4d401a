import type { ModelReply, ModelRequest, Models } from '@agentloom/engine'
import { createGateway } from '@agentloom/gateway'
import { TestRunError } from './errors.ts'

/** What the model says to a step: its text, its text with what it cost, or that the call fails. */
export type Answer =
  | string
  | { readonly text: string; readonly tokens?: number; readonly costUsd?: number }
  | {
      readonly error: string
      /** HTTP status: the step's `retryable_status_codes` decide. Without one the call may be tried again. */
      readonly status?: number
    }

/** By step id. A list is played attempt by attempt; its last one repeats. */
export type Answers = Readonly<Record<string, Answer | readonly Answer[]>>

/** What a model was asked. */
export interface ModelQuestion {
  readonly stepId: string
  readonly model: string
  readonly system: string | null
  readonly prompt: string
}

const NANO_PER_USD = 1e9

/** Models that know these answers and, where the workflow says `provider: mock`, its recorded ones. No network. */
export function answeringModels(answers: Answers, questions: ModelQuestion[]): Models {
  const recorded = createGateway()
  return {
    async call(request, context) {
      questions.push(questionOf(request))
      const given = Object.hasOwn(answers, request.stepId) ? answers[request.stepId] : undefined
      if (given !== undefined) {
        const reply = replyOf(answerAt(given, request), request)
        context.onText?.(reply.text)
        return reply
      }
      if (request.mock !== null) return recorded.call(request, context)
      throw new TestRunError('testing/no-answer', `the test has no answer for step '${request.stepId}'`, {
        place: `answers.${request.stepId}`,
        help: `give one: answers: { ${JSON.stringify(request.stepId)}: '…' }`,
      })
    },
  }
}

function answerAt(given: Answer | readonly Answer[], { stepId, turn }: ModelRequest): Answer {
  if (!isAnswers(given)) return given
  const answer = given[Math.min(turn, given.length - 1)]
  if (answer !== undefined) return answer
  throw new TestRunError('testing/no-answer', `the list of answers for step '${stepId}' is empty`, {
    place: `answers.${stepId}`,
  })
}

function isAnswers(given: Answer | readonly Answer[]): given is readonly Answer[] {
  return Array.isArray(given)
}

function replyOf(answer: Answer, { model }: ModelRequest): ModelReply {
  if (typeof answer === 'object' && 'error' in answer) {
    throw Object.assign(new Error(answer.error), answer.status === undefined ? {} : { status: answer.status })
  }
  const { text, tokens = 0, costUsd = 0 } = typeof answer === 'string' ? { text: answer } : answer
  return {
    text,
    toolCalls: [],
    model,
    provider: 'test',
    finishReason: 'stop',
    usage: { promptTokens: 0, completionTokens: tokens, totalTokens: tokens, reasoningTokens: 0 },
    costNanoUsd: Math.round(costUsd * NANO_PER_USD),
    firstTokenMs: null,
  }
}

function questionOf({ stepId, model, messages }: ModelRequest): ModelQuestion {
  const textOf = (role: 'system' | 'user'): string | null =>
    messages.find((message) => message.role === role)?.content ?? null
  return { stepId, model, system: textOf('system'), prompt: textOf('user') ?? '' }
}
