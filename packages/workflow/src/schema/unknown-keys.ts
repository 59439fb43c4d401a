import type { Findings } from '../diagnostics/findings.ts'
import { nearest } from '../diagnostics/nearest.ts'
import type { Path } from '../diagnostics/path.ts'
import { shown } from '../diagnostics/shown.ts'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import { configShape, sandboxShape } from './config-schema.ts'
import { CONFIG_KEYS, STEP_KEYS, TOP_KEYS } from './not-yet.ts'
import {
  attachmentShape,
  conditionShape,
  notifyShape,
  retryShape,
  stepShape,
  thinkingShape,
  toolShape,
} from './step-schema.ts'
import { workflowShape } from './workflow-schema.ts'

/** The keys that the format knows at one level, and what lies below some of them. */
interface Level {
  readonly keys: readonly string[]
  readonly below: { readonly [key: string]: Below }
}
type Below = { readonly one: Level } | { readonly each: Level }

const RETRY = leaf(retryShape)
const STEP: Level = {
  keys: [...Object.keys(stepShape), ...STEP_KEYS],
  below: {
    retry: { one: RETRY },
    attachments: { each: leaf(attachmentShape) },
    thinking: { one: leaf(thinkingShape) },
    tools: { each: leaf(toolShape) },
    tool_choice: { one: { keys: ['name'], below: {} } },
    conditions: { each: leaf(conditionShape) },
    notify: { one: leaf(notifyShape) },
  },
}
const CONFIG: Level = {
  keys: [...Object.keys(configShape), ...CONFIG_KEYS],
  below: { sandbox: { one: leaf(sandboxShape) } },
}
const WORKFLOW: Level = {
  keys: [...Object.keys(workflowShape), ...TOP_KEYS],
  below: {
    config: { one: CONFIG },
    steps: { each: STEP },
    state_schema: { each: { keys: ['redact'], below: {} } },
  },
}

/** Reports keys that the format does not know: errors at the top level, warnings below. `x-…` keys are free. */
export function reportUnknownKeys(workflow: ValueMap, findings: Findings): void {
  visit(workflow, WORKFLOW, [], findings)
}

function visit(value: ValueMap, level: Level, path: Path, findings: Findings): void {
  for (const key of Object.keys(value)) {
    const below = Object.hasOwn(level.below, key) ? level.below[key] : undefined
    if (below !== undefined) descend(value[key], below, [...path, key], findings)
    else if (!level.keys.includes(key)) report(key, level, path, findings)
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

function leaf(shape: object): Level {
  return { keys: Object.keys(shape), below: {} }
}
