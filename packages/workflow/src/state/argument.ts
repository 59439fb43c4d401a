import type { Argument } from '../plan/plan.ts'
import { parseTemplate } from '../template/parse.ts'
import { renderTemplate } from '../template/render.ts'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import { StatePathError } from './errors.ts'
import { parsePath, readPath } from './path.ts'
import type { Reference } from './reference.ts'
import { withSecrets } from './secret-text.ts'

const PREFIX = 'state.'

/** Names of letters, digits, `_` and `-`, with indexes. Whatever else begins with `state.` may be a sentence. */
const PLAIN_PATH = /^[\p{L}\p{M}\p{N}_.[\]-]*$/u

export interface ArgumentRules {
  /** Also inside lists and mappings (functions); tools get those as they are written. */
  readonly isRecursive: boolean
  /** Whether `{secrets.NAME}` is a secret. */
  readonly hasSecrets: boolean
}

/**
 * Reads one argument: `state.a.b` is the raw value at that path, other text with `{` a template, all else is itself.
 * @throws {StatePathError | TemplateSyntaxError}
 */
export function parseArgument(value: Value, rules: ArgumentRules): Argument {
  if (typeof value === 'string') return parseText(value, rules)
  if (rules.isRecursive && isList(value)) {
    const items = value.map((item) => parseArgument(item, rules))
    return items.every(isLiteral) ? { kind: 'literal', value } : { kind: 'list', items }
  }
  if (rules.isRecursive && isMapping(value)) {
    const entries = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, parseArgument(item, rules)]))
    return Object.values(entries).every(isLiteral) ? { kind: 'literal', value } : { kind: 'mapping', entries }
  }
  return { kind: 'literal', value }
}

/**
 * What the step is given. Values of the state are shared, not copied: they are never changed in place.
 * @param secrets value by name, of all that {@link secretNames} tells
 * @throws {TemplateError}
 */
export function resolveArgument(argument: Argument, state: ValueMap, secrets: Secrets = NO_SECRETS): Value {
  switch (argument.kind) {
    case 'literal':
      return argument.value
    case 'path': {
      const value = readPath(state, argument.path)
      if (value !== undefined) return value
      return argument.otherwise === null ? null : resolveArgument(argument.otherwise, state, secrets)
    }
    case 'template':
      return renderTemplate(argument.template, state)
    case 'secret':
      return argument.parts
        .map((part) => ('secret' in part ? named(part.secret, secrets) : renderTemplate(part, state)))
        .join('')
    case 'list':
      return argument.items.map((item) => resolveArgument(item, state, secrets))
    case 'mapping':
      return Object.fromEntries(
        Object.entries(argument.entries).map(([key, item]) => [key, resolveArgument(item, state, secrets)]),
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
    case 'secret':
      return argument.parts.flatMap((part) => ('secret' in part ? [] : part.references))
    case 'list':
      return argument.items.flatMap(argumentReferences)
    case 'mapping':
      return Object.values(argument.entries).flatMap(argumentReferences)
  }
}

/** Names of the secrets that an argument needs. */
export function secretNames(argument: Argument): readonly string[] {
  switch (argument.kind) {
    case 'literal':
    case 'template':
      return []
    case 'path':
      return argument.otherwise === null ? [] : secretNames(argument.otherwise)
    case 'secret':
      return argument.parts.flatMap((part) => ('secret' in part ? [part.secret] : []))
    case 'list':
      return argument.items.flatMap(secretNames)
    case 'mapping':
      return Object.values(argument.entries).flatMap(secretNames)
  }
}

type Secrets = ReadonlyMap<string, string>
const NO_SECRETS: Secrets = new Map()

function named(name: string, secrets: Secrets): string {
  const value = secrets.get(name)
  if (value === undefined) throw new Error(`the secret ${name} was not asked for`)
  return value
}

function parseText(text: string, rules: ArgumentRules): Argument {
  if (!text.startsWith(PREFIX)) return parseOrdinaryText(text, rules)
  const rest = text.slice(PREFIX.length)
  if (PLAIN_PATH.test(rest)) return { kind: 'path', path: parsePath(rest), otherwise: null }
  const otherwise = parseOrdinaryText(text, rules)
  try {
    // A key with blanks in it, if the state has such a key; otherwise a text that happens to begin so.
    return { kind: 'path', path: parsePath(rest), otherwise }
  } catch (error) {
    if (error instanceof StatePathError) return otherwise
    throw error
  }
}

function parseOrdinaryText(text: string, { hasSecrets }: ArgumentRules): Argument {
  if (!text.includes('{')) return { kind: 'literal', value: text }
  const template = parseTemplate(text)
  return hasSecrets ? withSecrets(template) : { kind: 'template', template }
}

function isLiteral(argument: Argument): boolean {
  return argument.kind === 'literal'
}
