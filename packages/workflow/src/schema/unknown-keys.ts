import type { Findings } from '../diagnostics/findings.ts'
import { nearest } from '../diagnostics/nearest.ts'
import type { Path } from '../diagnostics/path.ts'
import { shown } from '../diagnostics/shown.ts'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import { type Below, type Level, WORKFLOW } from './levels.ts'

/** Reports keys that the format does not know: errors at the top level, warnings below. `x-…` keys are free. */
export function reportUnknownKeys(workflow: ValueMap, findings: Findings): void {
  visit(workflow, WORKFLOW, [], findings)
}

function visit(value: ValueMap, level: Level, path: Path, findings: Findings): void {
  for (const key of Object.keys(value)) {
    const below = Object.hasOwn(level.below, key) ? level.below[key] : undefined
    if (below !== undefined) descend(value[key], below, [...path, key], findings)
    else if (!level.keys.has(key)) report(key, level, path, findings)
  }
}

function descend(value: Value | undefined, below: Below, path: Path, findings: Findings): void {
  if (value === undefined || value === null || typeof value !== 'object') return
  if ('one' in below) {
    if (isMapping(value)) visit(value, below.one, path, findings)
  } else if (isList(value)) {
    for (const [index, item] of value.entries())
      if (isMapping(item)) visit(item, below.each, [...path, index], findings)
  } else if (isMapping(value)) {
    for (const key of Object.keys(value)) descend(value[key], { one: below.each }, [...path, key], findings)
  }
}

function report(key: string, level: Level, path: Path, findings: Findings): void {
  if (key.startsWith('x-')) return
  const message = `the format has no key '${shown(key, 80)}' here`
  const help = (): string => {
    const meant = nearest(key, level.keys)
    return meant === null ? 'keys of your own begin with x-' : `did you mean ${meant}?`
  }
  const detail = { help, part: 'key' } as const
  if (path.length === 0) findings.error('workflow/unknown-key', [key], message, detail)
  else findings.warn('workflow/unknown-key', [...path, key], `${message}; it is ignored`, detail)
}
