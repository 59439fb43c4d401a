import { renderTemplate, type LlmStep } from '@agentloom/workflow'
import type { ModelMessage } from '../ports/models.ts'
import type { Attempt, Executors, StepResult } from './attempt.ts'
import { whole } from './failure.ts'

/** One question, one answer: the output is the answer's text, verbatim. */
export async function runLlmCall({ models, observe }: Executors, attempt: Attempt, step: LlmStep): Promise<StepResult> {
  const { plan, header, held } = attempt
  const state = attempt.state()
  const systemPrompt = whole(step.systemPrompt)
  const system = systemPrompt === null ? '' : renderTemplate(systemPrompt, state)
  const messages: ModelMessage[] = [{ role: 'user', content: renderTemplate(whole(step.prompt), state) }]
  if (system !== '') messages.unshift({ role: 'system', content: system })
  const onText = (text: string): void => observe({ kind: 'step-text', runId: header.runId, stepId: step.id, text })
  const turn = attempt.number - 1
  const reply = await models.call(
    {
      model: step.model,
      provider: plan.config.provider,
      messages,
      temperature: step.temperature,
      maxTokens: step.maxTokens,
      tools: step.tools,
      toolChoice: step.toolChoice,
      stream: step.stream,
      mock: plan.config.mock,
      stepId: step.id,
      turn,
    },
    {
      signal: held.signal,
      runId: header.runId,
      idempotencyKey: `${attempt.idempotencyKey}:${turn}`,
      onText: step.stream ? onText : null,
    },
  )
  return {
    output: reply.text,
    usage: {
      tokens: reply.usage.totalTokens,
      costNanoUsd: reply.costNanoUsd ?? 0,
      model: reply.model,
      provider: reply.provider,
    },
  }
}
