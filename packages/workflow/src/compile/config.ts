import type { Compat } from '../compat/compat.ts'
import type { Findings } from '../diagnostics/findings.ts'
import { DefinitionError } from '../plan/definition.ts'
import type { ConcurrencyPolicy, Definition, PlanConfig, SandboxSettings } from '../plan/plan.ts'
import { BUDGET_USD_MIN } from '../schema/limits.ts'
import { sandboxShape } from '../schema/config-schema.ts'
import { mapping } from '../schema/coerce.ts'
import { TemplateSyntaxError } from '../template/errors.ts'
import { parseTemplate } from '../template/parse.ts'
import type { ValueMap } from '../value/value.ts'
import type { ConfigText } from '../schema/workflow-schema.ts'
import { queueAt } from './queue.ts'

const sandboxSchema = mapping(sandboxShape)
const NANO_PER_USD = 1_000_000_000

/** Seconds as users write them; 0 is none. A fraction of a millisecond counts as a whole one, never as none. */
export function millisecondsOf(seconds: number | null): number | null {
  // Rounded to microseconds first: 1.1 * 1000 is a little more than 1100.
  return seconds === null || seconds === 0 ? null : Math.max(1, Math.ceil(Math.round(seconds * 1_000_000) / 1_000))
}

export function planConfig(
  config: ConfigText,
  { files, sandboxes = [] }: Definition,
  { compat, findings }: { readonly compat: Compat; readonly findings: Findings },
): PlanConfig {
  const { responses_file: responsesFile, budget_usd: budgetUsd } = config
  const responses = responsesFile !== null && Object.hasOwn(files, responsesFile) ? files[responsesFile] : undefined
  return {
    provider: config.provider,
    model: config.model,
    budgetNanoUsd: budgetUsd === null ? null : Math.round(budgetUsd * NANO_PER_USD),
    timeoutMs: compat.ignoresRunTimeout ? null : millisecondsOf(config.timeout),
    maxConcurrentSteps: config.max_concurrent_steps,
    stream: config.stream,
    onStepFailure: config.on_step_failure,
    onBudget: config.on_budget,
    queue: queueAt(config.queue, ['config', 'queue'], findings),
    concurrency: concurrencyPolicy(config.concurrency, findings),
    sandbox: within(sandboxSettings(config.sandbox), sandboxes),
    mock:
      config.provider === 'mock'
        ? {
            responses: responses ?? null,
            latencyModel: config.latency_model,
            latencyMs: Math.max(0, config.latency_ms),
          }
        : null,
  }
}

function concurrencyPolicy(text: ConfigText['concurrency'], findings: Findings): ConcurrencyPolicy | null {
  if (text === undefined || text === null) return null
  const { limit = null, weight = 1 } = text
  const path = ['config', 'concurrency', 'key']
  try {
    return { key: parseTemplate(text.key), limit, weight }
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error
    // There would be no run to show the error.
    findings.error(error.code, path, error.message, { help: error.help, part: { index: error.offset, length: 1 } })
    return null
  }
}

export function checkBudget({ budget_usd: budgetUsd }: ConfigText, findings: Findings): void {
  if (budgetUsd === null || budgetUsd === 0 || budgetUsd >= BUDGET_USD_MIN) return
  findings.error('workflow/schema', ['config', 'budget_usd'], `a budget of less than ${BUDGET_USD_MIN} dollars`)
}

function within(own: SandboxSettings, sandboxes: readonly ValueMap[]): SandboxSettings {
  if (sandboxes.length === 0) return own
  const outer = sandboxes.map((sandbox) => {
    // The parents' compilation has read it before.
    const result = sandboxSchema.safeParse(sandbox)
    if (!result.success) throw new DefinitionError('a sandbox of a stored definition cannot be read')
    return sandboxSettings(result.data)
  })
  const allowInternalWebhookTargets = [own, ...outer].every((one) => one.allowInternalWebhookTargets)
  return { ...own, allowInternalWebhookTargets, outer }
}

function sandboxSettings(sandbox: ConfigText['sandbox']): SandboxSettings {
  return {
    enabled: sandbox.enabled,
    allowedCommands: sandbox.allowed_commands,
    allowedPaths: sandbox.allowed_paths,
    readablePaths: sandbox.readable_paths,
    writablePaths: sandbox.writable_paths,
    allowNetwork: sandbox.allow_network,
    allowedDomains: sandbox.allowed_domains,
    allowedSchemes: sandbox.allowed_schemes.length === 0 ? ['http', 'https'] : sandbox.allowed_schemes,
    maxWriteBytes: sandbox.max_write_bytes,
    dangerOptIn: sandbox.danger_opt_in,
    allowInternalWebhookTargets: sandbox.allow_internal_webhook_targets,
  }
}
