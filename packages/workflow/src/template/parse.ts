import { PythonError } from '../python/error.ts'
import { parseFormatSpec } from '../python/format-spec.ts'
import type { Reference } from '../state/reference.ts'
import { TemplateSyntaxError } from './errors.ts'
import { readFieldName } from './field-name.ts'
import { placeholderReference } from './references.ts'
import { scan, syntaxError, type Field } from './scan.ts'
import type { Placeholder, Template, TemplatePart } from './template.ts'

/** Placeholders inside the specification of a placeholder, and no further. */
const NESTING_MAX = 2

/**
 * Reads a template.
 * @throws {TemplateSyntaxError} `template/syntax`; `template/limit` for a width or precision that is too large
 */
export function parseTemplate(text: string): Template {
  const references: Reference[] = []
  const parts = readParts(text, 0, { references, nesting: 1 })
  return { text, references, parts }
}

interface Reading {
  readonly references: Reference[]
  readonly nesting: number
}

function readParts(text: string, base: number, reading: Reading): readonly TemplatePart[] {
  const parts: TemplatePart[] = []
  for (const piece of scan(text, base)) {
    const last = parts.at(-1)
    if (typeof piece !== 'string') parts.push(readPlaceholder(piece, reading))
    else if (typeof last === 'string') parts[parts.length - 1] = last + piece
    else parts.push(piece)
  }
  return parts
}

function readPlaceholder(field: Field, { references, nesting }: Reading): Placeholder {
  if (nesting > NESTING_MAX)
    throw syntaxError(
      'placeholders nest too deeply',
      field.offset,
      'a format specification may hold plain placeholders only',
    )
  const { root, accesses } = readFieldName(field)
  const conversion = readConversion(field)
  references.push(placeholderReference({ root, accesses }, { offset: field.offset + 1, length: field.name.length }))
  const spec = field.hasNestedFields
    ? readParts(field.spec, field.specOffset, { references, nesting: nesting + 1 })
    : field.spec
  checkSpec(field, spec)
  return { root, accesses, conversion, spec, offset: field.offset }
}

function readConversion({ conversion, offset, name }: Field): Placeholder['conversion'] {
  if (conversion === null || conversion === 'r' || conversion === 's' || conversion === 'a') return conversion
  throw syntaxError(`unknown conversion '${conversion}'`, offset + 1 + name.length, 'the conversions are !r, !s and !a')
}

/** What is wrong whatever the value is fails at load. Where placeholders stand in for a part, a few usual values are tried. */
function checkSpec(field: Field, spec: Placeholder['spec']): void {
  if (spec === '') return
  const trials =
    typeof spec === 'string'
      ? [spec]
      : ['', '1', '<'].map((stand) => spec.map((part) => (typeof part === 'string' ? part : stand)).join(''))
  let failure: PythonError | null = null
  for (const trial of trials) {
    failure = specFailure(trial)
    if (failure === null) return
  }
  if (failure?.kind === 'limit') {
    throw new TemplateSyntaxError('template/limit', failure.message, { offset: field.specOffset, help: null })
  }
  throw syntaxError(`invalid format specification '${shorten(field.spec)}'`, field.specOffset)
}

const TYPE_LETTERS = 'sbcdoxXneEfFgG%'

function specFailure(spec: string): PythonError | null {
  try {
    const { type } = parseFormatSpec(spec, 'str')
    return TYPE_LETTERS.includes(type) ? null : new PythonError(`unknown format code '${type}'`)
  } catch (error) {
    if (!(error instanceof PythonError)) throw error
    // Grouping is refused for text only.
    return error.message.startsWith('Cannot specify') && !error.message.includes('both') ? null : error
  }
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
