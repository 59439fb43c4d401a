import type { Findings } from '../diagnostics/findings.ts'
import type { Path } from '../diagnostics/path.ts'
import { Float, isList, type Value, type ValueMap } from '../value/value.ts'
import { DEPTH_MAX } from '../yaml/limits.ts'

/**
 * Reports what no definition may hold, wherever it comes from: the YAML reader refuses it with a better place, but a
 * definition may also come by a job or from the builder.
 */
export function checkPlainData(workflow: ValueMap, findings: Findings): void {
  visit(workflow, [], findings)
}

function visit(value: Value, path: Path, findings: Findings): void {
  if (typeof value === 'string') checkText(value, path, findings)
  else if (typeof value === 'number' || value instanceof Float) checkNumber(value, path, findings)
  else if (typeof value === 'object' && value !== null) {
    if (path.length > DEPTH_MAX) findings.error('workflow/depth', path, `nested more than ${DEPTH_MAX} levels deep`)
    else if (isList(value)) for (const [index, item] of value.entries()) descend(item, index, path, findings)
    else for (const key of Object.keys(value)) visitEntry(value, key, path, findings)
  }
}

function visitEntry(mapping: ValueMap, key: string, path: Path, findings: Findings): void {
  if (key === '__proto__') findings.error('workflow/forbidden-key', [...path, key], '__proto__ cannot be a key')
  else {
    checkText(key, path, findings)
    descend(mapping[key] ?? null, key, path, findings)
  }
}

/** Paths are built for nested values and findings only: most values are leaves. */
function descend(value: Value, part: string | number, path: Path, findings: Findings): void {
  if (typeof value === 'string' && value.isWellFormed()) return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return
  visit(value, [...path, part], findings)
}

function checkText(text: string, path: Path, findings: Findings): void {
  if (text.isWellFormed()) return
  findings.error('workflow/character', path, 'half of a surrogate pair is no character')
}

function checkNumber(value: number | Float, path: Path, findings: Findings): void {
  if (Number.isFinite(value instanceof Float ? value.value : value)) return
  findings.error('workflow/schema', path, 'nan and the infinities are no numbers here')
}
