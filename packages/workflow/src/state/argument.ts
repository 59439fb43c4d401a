import type { Argument } from '../plan/plan.ts'
import { parseTemplate } from '../template/parse.ts'
import { renderTemplate } from '../template/render.ts'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import { StatePathError } from './errors.ts'
import { parsePath, readPath } from './path.ts'
import type { Reference } from './reference.ts'

const PREFIX = 'state.'

/** Names of letters, digits, `_` and `-`, with indexes. Whatever else begins with `state.` may be a sentence. */
const PLAIN_PATH = /^[\p{L}\p{M}\p{N}_.[\]-]*$/u

/**
 * Reads one argument: `state.a.b` is the raw value at that path, other text with `{` a template, all else is itself.
 * @param options.recursive also inside lists and mappings (functions); tools get those as they are written
 * @throws {StatePathError | TemplateSyntaxError}
 */
export function parseArgument(value: Value, options: { readonly recursive: boolean }): Argument {
  if (typeof value === 'string') return parseText(value)
  if (options.recursive && isList(value)) {
    const items = value.map((item) => parseArgument(item, options))
    return items.every(isLiteral) ? { kind: 'literal', value } : { kind: 'list', items }
  }
  if (options.recursive && isMapping(value)) {
    const entries = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, parseArgument(item, options)]))
    return Object.values(entries).every(isLiteral) ? { kind: 'literal', value } : { kind: 'mapping', entries }
  }
  return { kind: 'literal', value }
}

/**
 * What the step is given. Values of the state are shared, not copied: they are never changed in place.
 * @throws {TemplateError}
 */
export function resolveArgument(argument: Argument, state: ValueMap): Value {
  switch (argument.kind) {
    case 'literal':
      return argument.value
    case 'path': {
      const value = readPath(state, argument.path)
      if (value !== undefined) return value
      return argument.otherwise === null ? null : resolveArgument(argument.otherwise, state)
    }
    case 'template':
      return renderTemplate(argument.template, state)
    case 'list':
      return argument.items.map((item) => resolveArgument(item, state))
    case 'mapping':
      return Object.fromEntries(
        Object.entries(argument.entries).map(([key, item]) => [key, resolveArgument(item, state)]),
      )
  }
}

/** Offsets are those within each text of the argument. */
export function argumentReferences(argument: Argument): readonly Reference[] {
  switch (argument.kind) {
    case 'literal':
      return []
    case 'path': {
      const path = argument.path.segments.filter((segment) => typeof segment === 'string')
      const reference = {
        path: path.length === 0 ? null : path,
        offset: 0,
        length: PREFIX.length + argument.path.text.length,
      }
      return argument.otherwise === null ? [reference] : [reference, ...argumentReferences(argument.otherwise)]
    }
    case 'template':
      return argument.template.references
    case 'list':
      return argument.items.flatMap(argumentReferences)
    case 'mapping':
      return Object.values(argument.entries).flatMap(argumentReferences)
  }
}

function parseText(text: string): Argument {
  if (!text.startsWith(PREFIX)) return parseOrdinaryText(text)
  const rest = text.slice(PREFIX.length)
  if (PLAIN_PATH.test(rest)) return { kind: 'path', path: parsePath(rest), otherwise: null }
  const otherwise = parseOrdinaryText(text)
  try {
    // A key with blanks in it, if the state has such a key; otherwise a text that happens to begin so.
    return { kind: 'path', path: parsePath(rest), otherwise }
  } catch (error) {
    if (error instanceof StatePathError) return otherwise
    throw error
  }
}

function parseOrdinaryText(text: string): Argument {
  return text.includes('{') ? { kind: 'template', template: parseTemplate(text) } : { kind: 'literal', value: text }
}

function isLiteral(argument: Argument): boolean {
  return argument.kind === 'literal'
}
