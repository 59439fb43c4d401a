import type { z } from 'zod'
import type { Findings } from '../diagnostics/findings.ts'
import { nearest } from '../diagnostics/nearest.ts'
import { described, shown } from '../diagnostics/shown.ts'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'

type Issue = z.core.$ZodIssue

/** The validator's issues in our words: its own messages may repeat a value of any size. */
export function reportIssues(issues: readonly Issue[], workflow: ValueMap, findings: Findings): void {
  for (const issue of issues) {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
    const found = valueAt(workflow, path)
    const { message, help } = explain(issue, found)
    findings.error('workflow/schema', path, message, { help })
  }
}

interface Explanation {
  readonly message: string
  readonly help: string | null
}

function explain(issue: Issue, found: Value | undefined): Explanation {
  if (found === undefined) return { message: `\`${String(issue.path.at(-1) ?? '')}\` is missing`, help: null }
  switch (issue.code) {
    case 'invalid_type':
      return {
        message: `expected ${wanted(issue.expected)}, found ${described(found)}`,
        help: helpFor(issue.expected, found),
      }
    case 'custom':
      return { message: `expected ${issue.message}, found ${described(found)}`, help: null }
    case 'invalid_value':
      return oneOf(issue.values.map(String), found)
    case 'invalid_union':
      return oneOf(['auto', 'required', 'none', '{name: …}'], found)
    case 'too_small':
      return { message: `must be at least ${issue.minimum}, found ${described(found)}`, help: null }
    case 'too_big':
      return { message: `must be at most ${issue.maximum}, found ${described(found)}`, help: null }
    case 'invalid_key':
    case 'invalid_element':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return { message: `this cannot be ${described(found)}`, help: null }
  }
}

const WORDS: { readonly [expected: string]: string } = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
}

function wanted(expected: string): string {
  return WORDS[expected] ?? expected
}

function helpFor(expected: string, found: Value): string | null {
  if (expected === 'string') return textHelp(found)
  if (expected === 'array' && typeof found === 'string') return `write a list: [${shown(found, 40)}]`
  if (typeof found !== 'string') return null
  if (/^\d[\d_]*$/.test(found) && found.includes('_')) return `write ${found.replaceAll('_', '')}`
  if (/^\d+(?::\d+)+$/.test(found)) return 'write the number of seconds'
  return null
}

/** YAML makes numbers of `1.0`, booleans of `true` and mappings of `{state.x}`. */
function textHelp(found: Value): string | null {
  if (found === null || isList(found)) return null
  if (!isMapping(found)) return 'put it in quotes'
  const keys = Object.keys(found)
  return keys.length === 1 && found[keys[0] ?? ''] === null ? `put it in quotes: "{${shown(keys[0] ?? '', 40)}}"` : null
}

function oneOf(values: readonly string[], found: Value): Explanation {
  const meant = typeof found === 'string' ? nearest(found, values) : null
  return {
    message: `expected one of ${values.join(', ')}; found ${described(found)}`,
    help: meant === null ? null : `did you mean ${meant}?`,
  }
}

function valueAt(root: Value, path: readonly (string | number)[]): Value | undefined {
  let value: Value | undefined = root
  for (const part of path) {
    if (value === undefined) return undefined
    if (isList(value)) value = typeof part === 'number' ? value[part] : undefined
    else if (isMapping(value)) value = Object.hasOwn(value, part) ? value[part] : undefined
    else return undefined
  }
  return value
}
