import type { Findings } from '../diagnostics/findings.ts'
import { nearest } from '../diagnostics/nearest.ts'
import type { Path } from '../diagnostics/path.ts'
import { shown } from '../diagnostics/shown.ts'
import type { StepText } from '../schema/workflow-schema.ts'

/** A step as written, and where. */
export interface Entry {
  readonly step: StepText
  readonly path: Path
}

/**
 * `depends_on` of each step as indexes of the entries, each once. Reports names of steps that do not exist.
 * @param elsewhere ids of steps that are there and cannot be depended on, with the reason
 */
export function dependenciesOf(
  entries: readonly Entry[],
  findings: Findings,
  elsewhere: { readonly ids: ReadonlySet<string>; readonly help: string } | null = null,
): readonly (readonly number[])[] {
  const indexes = new Map(entries.map(({ step }, index) => [step.id, index]))
  return entries.map(({ step, path }) => {
    const found = new Set<number>()
    for (const [at, id] of step.depends_on.entries()) {
      const place = [...path, 'depends_on', at]
      const dependency = indexes.get(id)
      if (dependency === undefined) {
        const message = `step '${shown(step.id, 80)}' depends on '${shown(id, 80)}', which does not exist`
        const help = (): string | null => (elsewhere?.ids.has(id) ? elsewhere.help : suggestion(id, indexes.keys()))
        findings.error('workflow/unknown-dependency', place, message, { help })
      } else if (found.has(dependency)) {
        findings.warn('workflow/duplicate-dependency', place, `'${shown(id, 80)}' is named before`)
      } else found.add(dependency)
    }
    return [...found]
  })
}

/** Reports targets of routers that do not exist, and what surely was not meant. */
export function checkRouters(entries: readonly Entry[], findings: Findings): void {
  const byId = new Map(entries.map(({ step }) => [step.id, step]))
  for (const { step, path } of entries) {
    if (step.type !== 'router') continue
    const { conditions = [] } = step
    if (conditions.length === 0 && !step.default) {
      findings.warn('workflow/router', path, 'a router without conditions and default fails when it is reached')
    }
    const targets = conditions.map(({ target }, at) => ({ target, path: [...path, 'conditions', at, 'target'] }))
    if (step.default) targets.push({ target: step.default, path: [...path, 'default'] })
    for (const { target, path: at } of targets) {
      const meant = byId.get(target)
      if (meant === undefined) {
        const message = `router '${shown(step.id, 80)}' has the target '${shown(target, 80)}', which does not exist`
        findings.error('workflow/router', at, message, { help: () => suggestion(target, byId.keys()) })
      } else if (meant === step) findings.warn('workflow/router', at, 'a router cannot choose itself')
      else if (!meant.depends_on.includes(step.id)) {
        const message = `'${shown(target, 80)}' does not depend on this router, and runs whatever it chooses`
        findings.warn('workflow/router', at, message, { help: `add ${shown(step.id, 80)} to its depends_on` })
      }
    }
  }
}

function suggestion(name: string, names: Iterable<string>): string | null {
  const meant = nearest(name, names)
  return meant === null ? null : `did you mean ${meant}?`
}
