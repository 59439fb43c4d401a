import { isBroken } from '../compile/step/reads.ts'
import { shown } from '../diagnostics/shown.ts'
import { redact } from '../redact/redact.ts'
import type { Linted } from './place.ts'

/** Steps that write to a redacted key, and whose own output shows the same value (conformance 312, 313). */
export function warnOfReadableSecrets({ plan, findings, at }: Linted): void {
  const isHidden = (path: readonly string[]): boolean => redact('', plan.redact, path) !== ''
  for (const { index, id, step } of plan.nodes) {
    const { output } = step
    if (output === null || isBroken(output) || plan.redact.length === 0) continue
    if (!isHidden(output.segments.filter((segment) => typeof segment === 'string'))) continue
    const open = [
      [id, 'output'],
      ['steps', id, 'output'],
    ].filter((path) => !isHidden(path))
    if (open.length === 0) continue
    const name = shown(id, 80)
    findings.warn(
      'lint/readable-secret',
      at(index, 'output'),
      `'${shown(output.text, 80)}' is redacted, and the output of '${name}' shows its value`,
      {
        help: `add ${open.map((path) => `'${shown(path.join('.'), 100)}: {redact: true}'`).join(' and ')} to state_schema`,
      },
    )
  }
}
