import { renderTemplate, type LlmStep } from '@agentloom/workflow'
import type { ModelMessage } from '../ports/models.ts'
import { attachmentsOf } from './attachments.ts'
import type { Attempt, Executors, StepResult, StepWait } from './attempt.ts'
import { whole } from './failure.ts'
import { schemaInstruction } from './structured.ts'
import { converse } from './tool-loop.ts'

/** The output is the answer's text, verbatim; with an `output_schema` the value in it. */
export async function runLlmCall(
  executors: Executors,
  attempt: Attempt,
  step: LlmStep,
): Promise<StepResult | StepWait> {
  const state = attempt.state()
  const prompt = renderTemplate(whole(step.prompt), state)
  const systemPrompt = whole(step.systemPrompt)
  const system = [
    systemPrompt === null ? '' : renderTemplate(systemPrompt, state),
    step.outputSchema === null ? '' : schemaInstruction(step.outputSchema),
  ].filter((text) => text !== '')
  const attachments = await attachmentsOf(executors, attempt, step)
  const opening: ModelMessage[] = [{ role: 'user', content: prompt, ...(attachments.length > 0 && { attachments }) }]
  if (system.length > 0) opening.unshift({ role: 'system', content: system.join('\n\n') })
  return converse(executors, attempt, step, opening)
}
