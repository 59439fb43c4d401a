import { isBroken } from '../compile/step/reads.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { Findings } from '../diagnostics/findings.ts'
import type { Path } from '../diagnostics/path.ts'
import type { Source } from '../diagnostics/source.ts'
import type { Plan } from '../plan/plan.ts'
import { isMapping } from '../value/value.ts'
import { Guards } from './guards.ts'
import { lintedOf } from './place.ts'
import { warnOfMissingPrices } from './prices.ts'
import { warnOfReadableSecrets } from './readable-secrets.ts'
import { warnOfMissingDefaults } from './routers.ts'
import { warnOfSharedPaths } from './shared-paths.ts'
import { warnOfSkippedSources } from './skipped-sources.ts'
import { warnOfMistypedTools } from './tools.ts'
import { warnOfUnreachable } from './unreachable.ts'
import { warnOfUnreadOutputs } from './unread-outputs.ts'

export interface LintOptions {
  /** The text that the plan was compiled from, so that findings have lines. */
  readonly source?: Source
  /** Whether a model has a price; without it budgets are not looked at. */
  readonly hasPrice?: (model: string) => boolean
  /** Names of tools that every process has, to tell mistyped ones. */
  readonly tools?: readonly string[]
}

/**
 * What is legal and hardly meant, beyond what compiling warns of: codes `lint/…`. Sub-workflows that are written inside the
 * file are looked over too. In the order of the file; under `config.strict` the findings are errors.
 */
export function lintPlan(plan: Plan, { source, ...known }: LintOptions = {}): readonly Diagnostic[] {
  const findings = new Findings(source ?? null)
  findings.isStrict = isStrict(plan)
  lintInto(plan, [], { ...known, findings })
  return findings.all.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
}

function lintInto(plan: Plan, base: Path, known: Omit<LintOptions, 'source'> & { readonly findings: Findings }): void {
  const { findings, hasPrice, tools } = known
  const linted = lintedOf(plan, base, findings)
  const guards = new Guards(plan)
  warnOfUnreachable(linted)
  warnOfMissingDefaults(linted)
  warnOfUnreadOutputs(linted)
  warnOfReadableSecrets(linted)
  warnOfSkippedSources(linted, guards)
  warnOfSharedPaths(linted, guards)
  if (hasPrice !== undefined) warnOfMissingPrices(linted, hasPrice)
  if (tools !== undefined) warnOfMistypedTools(linted, tools)
  for (const { index, step } of plan.nodes) {
    if (step.type !== 'subworkflow' || isBroken(step.child) || !isWrittenInside(plan, linted.declaredIndex(index)))
      continue
    lintInto(step.child, linted.at(index, 'workflow_inline'), known)
  }
}

function isStrict({ definition }: Plan): boolean {
  const { config } = definition.workflow
  return config !== undefined && isMapping(config) && config['strict'] === true
}

function isWrittenInside({ definition }: Plan, index: number): boolean {
  const { steps } = definition.workflow
  const step = Array.isArray(steps) ? steps[index] : undefined
  return step !== undefined && isMapping(step) && !step['workflow_path'] && step['workflow_inline'] != null
}
