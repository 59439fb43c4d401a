import { z } from 'zod'
import { flag, freeMapping, listOrText, mapping, number, whole } from './coerce.ts'
import {
  BACKOFF_BASE_MAX,
  FOREACH_CONCURRENT_MAX,
  PRIORITY_MAX,
  RETRIES_MAX,
  TIMEOUT_SECONDS_MAX,
  TOOL_ITERATIONS_MAX,
  WAIT_SECONDS_MAX,
} from './limits.ts'

export const STEP_TYPES = [
  'llm_call',
  'tool',
  'router',
  'subworkflow',
  'approval_gate',
  'function',
  'foreach',
  'sleep',
  'wait_for',
] as const
/** What `foreach` does for each item. */
export const BODY_TYPES = ['llm_call', 'tool', 'function', 'router'] as const
/** What can undo a step. */
export const COMPENSATION_TYPES = ['llm_call', 'tool', 'function', 'subworkflow'] as const

export const retryShape = {
  max_retries: whole({ min: 0, max: RETRIES_MAX }).optional(),
  backoff_base: number({ min: 0, max: BACKOFF_BASE_MAX }).default(2),
  /** Seconds. */
  backoff_max: number({ min: 0, max: TIMEOUT_SECONDS_MAX }).default(60),
  jitter: flag().default(true),
  retryable_status_codes: z.array(whole()).default([429, 500, 502, 503, 504]),
}

export const attachmentShape = {
  type: z.enum(['image', 'pdf', 'audio']).default('image'),
  source: z.string(),
  media_type: z.string().nullable().default(null),
  fetch: z.enum(['local', 'provider']).default('local'),
}

export const thinkingShape = {
  enabled: flag().default(false),
  budget_tokens: whole().nullable().default(null),
  level: z.enum(['low', 'medium', 'high']).nullable().default(null),
  capture_reasoning: flag().default(true),
}

export const toolShape = {
  name: z.string(),
  description: z.string().default(''),
  parameters: freeMapping().optional(),
}

export const notifyShape = {
  url: z.string(),
  headers: z.record(z.string(), z.string()).default({}),
  body_template: z.string().nullable().default(null),
  timeout: number({ min: 0, max: TIMEOUT_SECONDS_MAX }).default(30),
}

export const conditionShape = { expression: z.string(), target: z.string() }

const toolChoice = z.union([z.enum(['auto', 'required', 'none']), mapping({ name: z.string() })])

export const cacheShape = {
  key: z.string(),
  /** Seconds. */
  ttl: number({ min: 0.001, max: WAIT_SECONDS_MAX }).nullable().default(null),
}

/** What a step does, and how it is tried: also for the steps inside of steps. */
const workShape = {
  /** Seconds per attempt; 0 is none. */
  timeout: number({ min: 0, max: TIMEOUT_SECONDS_MAX }).nullable().default(null),
  retry: mapping(retryShape).optional(),
  cache: mapping(cacheShape).nullable().optional(),
  stream: flag().nullable().default(null),

  // llm_call
  prompt: z.string().nullable().default(null),
  system_prompt: z.string().nullable().default(null),
  model: z.string().nullable().default(null),
  temperature: number().nullable().default(null),
  max_tokens: whole().nullable().default(null),
  attachments: z.array(mapping(attachmentShape)).optional(),
  thinking: mapping(thinkingShape).nullable().default(null),
  tools: z.array(mapping(toolShape)).optional(),
  tool_choice: toolChoice.default('auto'),
  max_tool_iterations: whole({ min: 1, max: TOOL_ITERATIONS_MAX }).default(5),
  output_schema: freeMapping().nullable().optional(),

  // tool
  tool_name: z.string().nullable().default(null),
  tool_args: freeMapping().optional(),

  // router
  conditions: z.array(mapping(conditionShape)).optional(),
  default: z.string().nullable().default(null),

  // subworkflow; `input` also: function
  workflow_path: z.string().nullable().default(null),
  workflow_inline: freeMapping().nullable().default(null),
  isolated_state: flag().default(false),
  input: freeMapping().optional(),
  return_keys: z.array(z.string()).nullable().default(null),

  // function
  handler: z.string().nullable().default(null),
}

/** A step that undoes another one when the run does not succeed. */
export const compensationShape = {
  type: z.enum(COMPENSATION_TYPES),
  when: z.string().nullable().optional(),
  ...workShape,
}

/** What `foreach` does for each item. */
export const bodyShape = { type: z.enum(BODY_TYPES), ...workShape }

/**
 * Every field of every type: the format checks a field's form on steps of other types too, and then ignores it there.
 * Which of them a type needs, and what an absent list or mapping means, is the compiler's business: plans of 100,000
 * steps must not hold empty ones.
 */
export const stepShape = {
  id: z.string(),
  type: z.enum(STEP_TYPES),
  depends_on: z.array(z.string()).default([]),
  output: z.string().nullable().default(null),
  when: z.string().nullable().optional(),
  join: z.enum(['all', 'any']).optional(),
  queue: z.string().nullable().optional(),
  priority: whole({ min: 0, max: PRIORITY_MAX }).nullable().optional(),
  compensate: mapping(compensationShape).nullable().optional(),
  ...workShape,

  // approval_gate; `on_timeout` also: wait_for
  timeout_seconds: whole({ min: 0, max: WAIT_SECONDS_MAX }).nullable().default(null),
  on_timeout: z.enum(['approve', 'reject', 'fail', 'continue']).nullable().default(null),
  notify: mapping(notifyShape).nullable().default(null),
  hold: z.enum(['all', 'dependents']).optional(),

  // foreach
  items: listOrText().optional(),
  step: mapping(bodyShape).optional(),
  max_concurrent: whole({ min: 1, max: FOREACH_CONCURRENT_MAX }).optional(),

  // sleep
  seconds: number({ min: 0, max: WAIT_SECONDS_MAX }).nullable().optional(),
  until: z.string().nullable().optional(),

  // wait_for
  signal: z.string().nullable().optional(),
}
