import type { AttachmentSpec, LlmStep, StepCommon, ThinkingSettings } from '../../plan/plan.ts'
import type { StepText } from '../../schema/workflow-schema.ts'
import type { StepContext } from './context.ts'
import { checkOutputSchema } from './output-schema.ts'
import { missingPart, templateAt } from './parts.ts'

export function llmStep(common: StepCommon, step: StepText, context: StepContext): LlmStep {
  const { path, config, findings, compat } = context
  const stream = step.stream ?? config.stream
  const tools = stream && compat.streamingDropsTools ? [] : (step.tools ?? [])
  const { prompt, system_prompt: systemPrompt } = step
  if (step.max_tokens !== null && step.max_tokens < 1) {
    findings.warn('workflow/range', [...path, 'max_tokens'], 'no provider answers with fewer than 1 token')
  }
  if (step.output_schema) checkOutputSchema(step.output_schema, [...path, 'output_schema'], findings)
  return {
    ...common,
    type: 'llm_call',
    // An empty prompt is refused by the format as a missing one.
    prompt: prompt ? templateAt(prompt, () => [...path, 'prompt'], findings) : missingPart('prompt', path, findings),
    systemPrompt: systemPrompt ? templateAt(systemPrompt, () => [...path, 'system_prompt'], findings) : null,
    model: step.model ?? config.model,
    temperature: step.temperature,
    maxTokens: step.max_tokens,
    stream,
    tools: tools.map(({ name, description, parameters = {} }) => ({ name, description, parameters })),
    toolChoice: step.tool_choice,
    maxToolIterations: step.max_tool_iterations,
    attachments: attachmentsOf(step.attachments, context),
    thinking: thinkingOf(step.thinking),
    outputSchema: step.output_schema ?? null,
  }
}

function attachmentsOf(
  attachments: StepText['attachments'],
  { path, findings }: StepContext,
): readonly AttachmentSpec[] {
  return (attachments ?? []).map(({ type, source, media_type: mediaType, fetch }, index) => ({
    type,
    source: templateAt(source, () => [...path, 'attachments', index, 'source'], findings),
    mediaType,
    fetch,
  }))
}

function thinkingOf(thinking: StepText['thinking']): ThinkingSettings | null {
  if (!thinking?.enabled) return null
  return {
    budgetTokens: thinking.budget_tokens,
    level: thinking.level,
    captureReasoning: thinking.capture_reasoning,
  }
}
