import type { Findings } from '../diagnostics/findings.ts'
import type { Path } from '../diagnostics/path.ts'
import type { FunctionStep, LlmStep, RetryPolicy, RouterStep, StepCommon, StepSpec, ToolStep } from '../plan/plan.ts'
import type { ConfigText, StepText } from '../schema/workflow-schema.ts'
import { millisecondsOf } from './config.ts'
import { argumentsAt, expressionAt, missingPart, outputAt, templateAt } from './parts.ts'

const RETRY_DEFAULT: RetryPolicy = {
  retriesMax: 3,
  backoffBase: 2,
  backoffMaxMs: 60_000,
  jitter: true,
  retryableStatusCodes: [429, 500, 502, 503, 504],
}

/** A step as written → as the engine runs it, all its texts read. Null for a type that `refuseNotYet` has reported. */
export function stepSpec(step: StepText, index: number, config: ConfigText, findings: Findings): StepSpec | null {
  const path = ['steps', index]
  const common = commonParts(step, path, config, findings)
  switch (step.type) {
    case 'llm_call':
      return llmStep(common, step, { path, config }, findings)
    case 'tool':
      return toolStep(common, step, path, findings)
    case 'router':
      return routerStep(common, step, path, findings)
    case 'function':
      return functionStep(common, step, path, findings)
    case 'subworkflow':
    case 'approval_gate':
      return null
  }
}

function commonParts(step: StepText, path: Path, config: ConfigText, findings: Findings): StepCommon {
  return {
    id: step.id,
    output: outputAt(step.output, () => [...path, 'output'], findings),
    timeoutMs: millisecondsOf(step.timeout),
    retry: retryPolicy(step.retry, config),
  }
}

function retryPolicy(retry: StepText['retry'], config: ConfigText): RetryPolicy {
  const retriesMax = retry?.max_retries ?? config.max_retries ?? RETRY_DEFAULT.retriesMax
  // One object serves all steps that say nothing of their own.
  if (retry === undefined && retriesMax === RETRY_DEFAULT.retriesMax) return RETRY_DEFAULT
  return {
    retriesMax,
    backoffBase: retry?.backoff_base ?? RETRY_DEFAULT.backoffBase,
    backoffMaxMs: retry === undefined ? RETRY_DEFAULT.backoffMaxMs : Math.ceil(retry.backoff_max * 1_000),
    jitter: retry?.jitter ?? RETRY_DEFAULT.jitter,
    retryableStatusCodes: retry?.retryable_status_codes ?? RETRY_DEFAULT.retryableStatusCodes,
  }
}

function llmStep(
  common: StepCommon,
  step: StepText,
  { path, config }: { readonly path: Path; readonly config: ConfigText },
  findings: Findings,
): LlmStep {
  const { prompt, system_prompt: systemPrompt } = step
  if (step.max_tokens !== null && step.max_tokens < 1) {
    findings.warn('workflow/range', [...path, 'max_tokens'], 'no provider answers with fewer than 1 token')
  }
  return {
    ...common,
    type: 'llm_call',
    // An empty prompt is refused by the format as a missing one.
    prompt: prompt ? templateAt(prompt, () => [...path, 'prompt'], findings) : missingPart('prompt', path, findings),
    systemPrompt: systemPrompt ? templateAt(systemPrompt, () => [...path, 'system_prompt'], findings) : null,
    model: step.model ?? config.model,
    temperature: step.temperature,
    maxTokens: step.max_tokens,
    stream: step.stream ?? config.stream,
    tools: (step.tools ?? []).map(({ name, description, parameters = {} }) => ({ name, description, parameters })),
    toolChoice: step.tool_choice,
    maxToolIterations: step.max_tool_iterations,
  }
}

function toolStep(common: StepCommon, step: StepText, path: Path, findings: Findings): ToolStep {
  return {
    ...common,
    type: 'tool',
    toolName: step.tool_name || missingPart('tool_name', path, findings),
    args: argumentsAt(step.tool_args ?? {}, (name) => [...path, 'tool_args', name], findings, { recursive: false }),
  }
}

function routerStep(common: StepCommon, step: StepText, path: Path, findings: Findings): RouterStep {
  return {
    ...common,
    type: 'router',
    conditions: (step.conditions ?? []).map(({ expression, target }, index) => ({
      expression: expressionAt(expression, () => [...path, 'conditions', index, 'expression'], findings),
      target,
    })),
    defaultTarget: step.default || null,
  }
}

function functionStep(common: StepCommon, step: StepText, path: Path, findings: Findings): FunctionStep {
  if (!step.handler) findings.error('workflow/schema', [...path, 'handler'], '`handler` is missing')
  return {
    ...common,
    type: 'function',
    handler: step.handler ?? '',
    input: argumentsAt(step.input ?? {}, (name) => [...path, 'input', name], findings, { recursive: true }),
  }
}
