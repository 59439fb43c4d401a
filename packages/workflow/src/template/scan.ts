// Reads the text of a template exactly as Python's str.format does (MarkupIterator in CPython's unicode_format.h): every rule
// about doubled braces, brackets, conversions and specifications here has its line there. One pass, linear.
import { TemplateSyntaxError } from './errors.ts'

export interface Field {
  readonly name: string
  readonly conversion: string | null
  readonly spec: string
  readonly hasNestedFields: boolean
  /** Of the opening brace. */
  readonly offset: number
  readonly specOffset: number
}

const DOUBLE_BRACES = 'write {{ and }} for braces that are meant as text'

/** Literal texts and fields in their order. `base` is the offset of `text` in the whole template. */
export function* scan(text: string, base: number): Generator<string | Field> {
  let at = 0
  while (at < text.length) {
    const start = at
    at = nextBrace(text, at)
    if (at === text.length) {
      yield text.slice(start)
      return
    }
    const brace = text.charAt(at)
    if (text.charAt(at + 1) === brace) {
      yield text.slice(start, at + 1)
      at += 2
      continue
    }
    if (brace === '}') throw syntaxError("single '}' in the template", base + at)
    if (at + 1 === text.length) throw syntaxError("single '{' in the template", base + at)
    if (at > start) yield text.slice(start, at)
    const { field, end } = scanField(text, at, base)
    yield field
    at = end
  }
}

export function syntaxError(message: string, offset: number, help: string | null = DOUBLE_BRACES): TemplateSyntaxError {
  return new TemplateSyntaxError('template/syntax', message, { offset, help })
}

function nextBrace(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x7b || unit === 0x7d) return at
  }
  return text.length
}

function scanField(text: string, open: number, base: number): { readonly field: Field; readonly end: number } {
  let at = open + 1
  for (; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '{') throw syntaxError("unexpected '{' in the name of a placeholder", base + at)
    if (character === '}' || character === ':' || character === '!') break
    if (character !== '[') continue
    const close = text.indexOf(']', at)
    at = close === -1 ? text.length : close
  }
  if (at >= text.length) throw syntaxError("expected '}' before the end of the template", base + open)
  const name = text.slice(open + 1, at)
  const offset = base + open
  if (text.charAt(at) === '}') {
    return {
      field: { name, conversion: null, spec: '', hasNestedFields: false, offset, specOffset: base + at },
      end: at + 1,
    }
  }
  let conversion: string | null = null
  if (text.charAt(at) === '!') {
    const point = text.codePointAt(at + 1)
    if (point === undefined)
      throw syntaxError('the template ends where a conversion (!r, !s or !a) should stand', base + at)
    conversion = String.fromCodePoint(point)
    at += 1 + conversion.length
    if (text.charAt(at) === '}') {
      return {
        field: { name, conversion, spec: '', hasNestedFields: false, offset, specOffset: base + at },
        end: at + 1,
      }
    }
    if (at < text.length && text.charAt(at) !== ':') throw syntaxError("expected ':' after the conversion", base + at)
  }
  const close = closingBrace(text, at + 1)
  if (close === -1) throw syntaxError("unmatched '{' in a format specification", base + open)
  const spec = text.slice(at + 1, close)
  return {
    field: { name, conversion, spec, hasNestedFields: spec.includes('{'), offset, specOffset: base + at + 1 },
    end: close + 1,
  }
}

function closingBrace(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x7b) depth++
    else if (unit === 0x7d && --depth === 0) return at
  }
  return -1
}
