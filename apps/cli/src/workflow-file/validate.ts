import { WorkflowError, type Diagnostic, type Plan } from '@agentloom/workflow'
import { surroundingsOf } from '../command-line/surroundings.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import type { Ending } from '../run/ending.ts'
import { dollars } from '../terminal/figures.ts'
import { problemText } from '../terminal/problem.ts'
import { printable } from '../terminal/printable.ts'
import { printWarnings } from '../terminal/warnings.ts'
import { loadPlan } from './load.ts'

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
    const { plan, warnings } = await loadPlan({ file, cwd: io.cwd(), compat: asked, settings, overrides: { strict } })
    if (json === true) io.stdout.write(jsonText(validDocument(plan, warnings)))
    else {
      io.stdout.write(planText(plan))
      printWarnings(warnings, io)
    }
    return { code: 0 }
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error
    if (json === true) io.stdout.write(jsonText({ valid: false, errors: error.diagnostics.map(finding), warnings: [] }))
    else io.stderr.line(`Validation FAILED:\n${problemText(error, io.stderr)}`)
    return { code: 1 }
  }
}

function planText(plan: Plan): string {
  const { name, version, nodes, config } = plan
  const layers = layersOf(plan)
  const lines = [
    `Workflow '${printable(name)}' is valid.`,
    `  Version:  ${printable(version)}`,
    `  Steps:    ${nodes.length}`,
    `  Layers:   ${layers.length}`,
    `  Provider: ${printable(config.provider)}`,
    `  Model:    ${printable(config.model)}`,
  ]
  if (config.budgetNanoUsd !== null && config.budgetNanoUsd > 0)
    lines.push(`  Budget:   $${dollars(config.budgetNanoUsd).toFixed(2)}`)
  lines.push('', '  Execution plan:')
  for (const [layer, ids] of layers.entries()) {
    lines.push(`    Layer ${layer}: ${ids.map((id) => printable(id)).join(', ')}${ids.length > 1 ? ' (parallel)' : ''}`)
  }
  return `${lines.join('\n')}\n`
}

function layersOf({ nodes }: Plan): readonly (readonly string[])[] {
  const layers: string[][] = []
  for (const { id, layer } of nodes) (layers[layer] ??= []).push(id)
  return layers
}

function validDocument(plan: Plan, warnings: readonly Diagnostic[]): object {
  const { name, version, hash, nodes, config } = plan
  return {
    valid: true,
    workflow: name,
    version,
    hash,
    steps: nodes.length,
    layers: layersOf(plan),
    provider: config.provider,
    model: config.model,
    budget_usd: config.budgetNanoUsd === null ? null : dollars(config.budgetNanoUsd),
    errors: [],
    warnings: warnings.map(finding),
  }
}

function finding({ code, message, help, file, line, column, path }: Diagnostic): object {
  return { code, message, help, file, line, column, path }
}
