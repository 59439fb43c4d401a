import { lintPlan, summaryOf, WorkflowError, type Diagnostic, type Plan } from '@agentloom/workflow'
import { surroundingsOf } from '../command-line/surroundings.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import type { Ending } from '../run/ending.ts'
import type { Settings } from '../settings.ts'
import { dollars } from '../terminal/figures.ts'
import { problemText } from '../terminal/problem.ts'
import { printable } from '../terminal/printable.ts'
import { printWarnings } from '../terminal/warnings.ts'
import { loadPlan } from './load.ts'

/** Whoever asks for them wants to see them; more than so many nobody reads. */
const FINDINGS_LISTED_MAX = 50

export interface ValidateOptions {
  readonly strict?: true
  readonly compat?: 'agentloom'
  readonly json?: true
  readonly envFile?: string
}

/** What `validate` does. */
export async function validateFile(
  file: string,
  { strict, compat, json, envFile }: ValidateOptions,
  surrounding: Io,
): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, envFile === undefined ? {} : { envFile })
  const asked = compat ?? settings.AGENTLOOM_COMPAT ?? null
  try {
    const loaded = await loadPlan({ file, cwd: io.cwd(), compat: asked, settings, overrides: { strict } })
    const { plan, source } = loaded
    const linted = lintPlan(plan, { source, tools: await knownTools(plan), ...(await knownPrices(plan, io, settings)) })
    // Under strict, what the linter finds refuses the file as everything else does.
    const errors = linted.filter(({ severity }) => severity === 'error')
    if (errors.length > 0) throw new WorkflowError(errors)
    const warnings = inOrder([...loaded.warnings, ...linted])
    if (json === true) io.stdout.write(jsonText(validDocument(plan, warnings)))
    else {
      io.stdout.write(planText(plan))
      printWarnings(warnings, io, { listedMax: FINDINGS_LISTED_MAX })
    }
    return { code: 0 }
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error
    if (json === true) io.stdout.write(jsonText({ valid: false, errors: error.diagnostics.map(finding), warnings: [] }))
    else io.stderr.line(`Validation FAILED:\n${problemText(error, io.stderr, { listedMax: FINDINGS_LISTED_MAX })}`)
    return { code: 1 }
  }
}

/** Prices matter where there is a budget; nobody else waits for the gateway to load. */
async function knownPrices(
  { config }: Plan,
  io: Io,
  settings: Settings,
): Promise<{ readonly hasPrice?: (model: string) => boolean }> {
  if (config.budgetNanoUsd === null) return {}
  const { createPriceBook } = await import('@agentloom/gateway')
  const { pricesFrom } = await import('../run/providers.ts')
  const book = createPriceBook(await pricesFrom(settings, io))
  const nothing = { promptTokens: 0, completionTokens: 0, reasoningTokens: 0, totalTokens: 0 }
  return { hasPrice: (model) => book.costNanoUsd(model, nothing) !== null }
}

/** The built-in ones; where no step has tools nobody waits for them to load. */
async function knownTools({ nodes }: Plan): Promise<readonly string[]> {
  const hasTools = nodes.some(({ step: { type } }) => type === 'tool' || type === 'llm_call' || type === 'foreach')
  if (!hasTools) return []
  const { createToolBox } = await import('@agentloom/tools')
  return createToolBox({ floor: 'trusted' }).names()
}

function inOrder(warnings: readonly Diagnostic[]): readonly Diagnostic[] {
  return warnings.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
}

function planText(plan: Plan): string {
  const { name, version, stepCount, layers, provider, model, budgetUsd } = summaryOf(plan)
  const lines = [
    `Workflow '${printable(name)}' is valid.`,
    `  Version:  ${printable(version)}`,
    `  Steps:    ${stepCount}`,
    `  Layers:   ${layers.length}`,
    `  Provider: ${printable(provider)}`,
    `  Model:    ${printable(model)}`,
  ]
  if (budgetUsd !== null && budgetUsd > 0) lines.push(`  Budget:   $${budgetUsd.toFixed(2)}`)
  lines.push('', '  Execution plan:')
  for (const [layer, ids] of layers.entries()) {
    lines.push(`    Layer ${layer}: ${ids.map((id) => printable(id)).join(', ')}${ids.length > 1 ? ' (parallel)' : ''}`)
  }
  return `${lines.join('\n')}\n`
}

function validDocument(plan: Plan, warnings: readonly Diagnostic[]): object {
  const { name, version, stepCount, layers, provider, model } = summaryOf(plan)
  const { budgetNanoUsd } = plan.config
  return {
    valid: true,
    workflow: name,
    version,
    hash: plan.hash,
    steps: stepCount,
    layers,
    provider,
    model,
    budget_usd: budgetNanoUsd === null ? null : dollars(budgetNanoUsd),
    errors: [],
    warnings: warnings.map(finding),
  }
}

function finding({ code, message, help, file, line, column, path }: Diagnostic): object {
  return { code, message, help, file, line, column, path }
}
