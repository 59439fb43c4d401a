import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import { type Below, type Level, WORKFLOW } from './levels.ts'

/**
 * The workflow with the keys of the format's own mappings sorted, so that it does not matter how it was written. Users' data
 * (state, arguments) keep their order: it shows when a mapping is put into a text.
 */
export function inKeyOrder(workflow: ValueMap): ValueMap {
  return ordered(workflow, WORKFLOW)
}

function ordered(mapping: ValueMap, level: Level): ValueMap {
  const sorted: Record<string, Value> = {}
  for (const key of Object.keys(mapping).sort()) {
    const value = mapping[key] ?? null
    const below = Object.hasOwn(level.below, key) ? level.below[key] : undefined
    sorted[key] = below === undefined ? value : orderedBelow(value, below)
  }
  return sorted
}

function orderedBelow(value: Value, below: Below): Value {
  if ('one' in below) return isMapping(value) ? ordered(value, below.one) : value
  const item = (one: Value): Value => (isMapping(one) ? ordered(one, below.each) : one)
  if (isList(value)) return value.map(item)
  return isMapping(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, item(one)])) : value
}
