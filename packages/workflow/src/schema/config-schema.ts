import { z } from 'zod'
import { flag, mapping, number, whole } from './coerce.ts'
import {
  BUDGET_USD_MAX,
  CONCURRENT_STEPS_MAX,
  KEY_STEPS_MAX,
  KEY_WEIGHT_MAX,
  RETRIES_MAX,
  TIMEOUT_SECONDS_MAX,
} from './limits.ts'

const texts = () => z.array(z.string()).default([])

export const sandboxShape = {
  enabled: flag().default(false),
  allowed_commands: texts(),
  allowed_paths: texts(),
  readable_paths: texts(),
  writable_paths: texts(),
  allow_network: flag().default(true),
  allowed_domains: texts(),
  allowed_schemes: z.array(z.string()).default(['http', 'https']),
  max_write_bytes: whole().nullable().default(null),
  danger_opt_in: texts(),
  allow_internal_webhook_targets: flag().default(false),
}

export const concurrencyShape = {
  key: z.string(),
  limit: whole({ min: 1, max: KEY_STEPS_MAX }).nullable().optional(),
  weight: whole({ min: 1, max: KEY_WEIGHT_MAX }).optional(),
}

export const configShape = {
  provider: z.string().default('openai'),
  model: z.string().default('gpt-4o-mini'),
  max_retries: whole({ min: 0, max: RETRIES_MAX }).optional(),
  /** Dollars. */
  budget_usd: number({ min: 0, max: BUDGET_USD_MAX }).nullable().default(null),
  /** Seconds; 0 is none. */
  timeout: number({ min: 0, max: TIMEOUT_SECONDS_MAX }).nullable().default(null),
  max_concurrent_steps: whole({ min: 1, max: CONCURRENT_STEPS_MAX }).default(10),
  stream: flag().default(false),
  sandbox: mapping(sandboxShape).prefault({}),
  on_step_failure: z.enum(['skip_downstream', 'continue']).default('skip_downstream'),
  strict_outputs: flag().default(false),
  responses_file: z.string().nullable().default(null),
  latency_model: z.enum(['constant', 'normal', 'replay']).default('constant'),
  latency_ms: number().default(0),
  capture_prompts: flag().default(false),
  // Ours, unknown to the reference.
  strict: flag().default(false),
  scheduling: z.enum(['dataflow', 'layers']).default('dataflow'),
  on_budget: z.enum(['stop', 'park']).default('stop'),
  queue: z.string().nullable().optional(),
  concurrency: mapping(concurrencyShape).nullable().optional(),
  compat: z.enum(['agentloom']).nullable().default(null),
}
