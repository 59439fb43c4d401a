import type { Findings } from '../diagnostics/findings.ts'
import { nearest } from '../diagnostics/nearest.ts'
import { shown } from '../diagnostics/shown.ts'
import type { StepText } from '../schema/workflow-schema.ts'

/**
 * `depends_on` of each step as indexes of `steps`, each once. Reports names of steps that do not exist.
 */
export function dependenciesOf(steps: readonly StepText[], findings: Findings): readonly (readonly number[])[] {
  const indexes = new Map(steps.map(({ id }, index) => [id, index]))
  return steps.map((step, index) => {
    const found = new Set<number>()
    for (const [at, id] of step.depends_on.entries()) {
      const path = ['steps', index, 'depends_on', at]
      const dependency = indexes.get(id)
      if (dependency === undefined) {
        const message = `step '${shown(step.id, 80)}' depends on '${shown(id, 80)}', which does not exist`
        findings.error('workflow/unknown-dependency', path, message, { help: () => suggestion(id, indexes.keys()) })
      } else if (found.has(dependency)) {
        findings.warn('workflow/duplicate-dependency', path, `'${shown(id, 80)}' is named before`)
      } else found.add(dependency)
    }
    return [...found]
  })
}

/** Reports targets of routers that do not exist, and what surely was not meant. */
export function checkRouters(steps: readonly StepText[], findings: Findings): void {
  const byId = new Map(steps.map((step) => [step.id, step]))
  for (const [index, step] of steps.entries()) {
    if (step.type !== 'router') continue
    const path = ['steps', index]
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
