import { PythonError } from '../python/error.ts'
import { format } from '../python/format.ts'
import { asciiRepr, repr, str } from '../python/text.ts'
import type { Value, ValueMap } from '../value/value.ts'
import { TemplateError } from './errors.ts'
import { lookUpPlaceholder } from './look-up.ts'
import type { Placeholder, Template, TemplatePart } from './template.ts'

/** UTF-16 units of a rendered text (8 Mi): beyond every model's context, and small enough to build in a worker beside others. */
export const RENDERED_LENGTH_MAX = 8 * 1024 * 1024

/**
 * The text of a template over a state. What it finds is never rendered again.
 * @throws {TemplateError} `template/render`; `template/limit` beyond 8 Mi characters, noticed while building
 */
export function renderTemplate(template: Template, state: ValueMap): string {
  return renderParts(template.parts, state)
}

function renderParts(parts: readonly TemplatePart[], state: ValueMap): string {
  let text = ''
  for (const part of parts) {
    const offset = typeof part === 'string' ? 0 : part.offset
    text += typeof part === 'string' ? part : renderPlaceholder(part, state, RENDERED_LENGTH_MAX - text.length)
    if (text.length > RENDERED_LENGTH_MAX) throw tooLong(offset)
  }
  return text
}

function renderPlaceholder(placeholder: Placeholder, state: ValueMap, room: number): string {
  const { spec, offset } = placeholder
  try {
    const value = convert(lookUpPlaceholder(placeholder, state), placeholder.conversion, room)
    return format(value, typeof spec === 'string' ? spec : renderParts(spec, state), room)
  } catch (error) {
    if (!(error instanceof PythonError)) throw error
    const code = error.kind === 'limit' ? 'template/limit' : 'template/render'
    throw new TemplateError(code, `{${nameOf(placeholder)}}: ${error.message}`, {
      offset,
      help: helpFor(placeholder, error),
    })
  }
}

function convert(value: Value, conversion: Placeholder['conversion'], room: number): Value {
  switch (conversion) {
    case null:
      return value
    case 's':
      return str(value, room)
    case 'r':
      return repr(value, room)
    case 'a':
      return asciiRepr(value, room)
  }
}

function nameOf({ root, accesses }: Placeholder): string {
  return root + accesses.map((access) => (access.kind === 'attribute' ? `.${access.name}` : `[${access.key}]`)).join('')
}

function helpFor({ root }: Placeholder, error: PythonError): string | null {
  if (root !== 'state' && /attribute/.test(error.message))
    return `a bare name knows only brackets: write {state.${root}…} to go on with dots`
  return null
}

function tooLong(offset: number): TemplateError {
  return new TemplateError('template/limit', `the rendered text has more than ${RENDERED_LENGTH_MAX} characters`, {
    offset,
    help: null,
  })
}
