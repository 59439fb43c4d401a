import { characterNamed } from '../python/character-names.ts'
import { Bytes } from '../python/stray.ts'
import { ExpressionError } from './errors.ts'
import type { ExpressionRules } from './expression.ts'

/** A quote, perhaps behind a prefix of one or two letters. */
export const TEXT_START = /^(?:[rRbBuUfF]{0,2})['"]/
const PREFIX = /[a-zA-Z]{0,2}/y

/** Reads a text literal: `'…'`, `"…"`, tripled, with escapes, or raw. */
export function readText(
  text: string,
  offset: number,
  rules: ExpressionRules,
): { readonly value: string | Bytes; readonly end: number } {
  PREFIX.lastIndex = offset
  const prefix = (PREFIX.exec(text)?.[0] ?? '').toLowerCase()
  if (prefix.includes('f')) throw forbidden('f-strings are not allowed in expressions', offset)
  const isBytes = prefix.includes('b')
  if (isBytes && !rules.readsStrayLiterals) throw forbidden('byte strings are not allowed in expressions', offset)
  const isRaw = prefix.includes('r')
  if (!['', 'r', 'u', 'b', 'br', 'rb'].includes(prefix)) throw syntaxAt(`unknown prefix '${prefix}'`, offset)
  const start = offset + prefix.length
  const single = text.charAt(start)
  const quote = text.startsWith(single.repeat(3), start) ? single.repeat(3) : single
  const body = start + quote.length
  const close = findClose(text, body, quote)
  if (close === -1) throw syntaxAt('this text is not closed', offset)
  const source = text.slice(body, close)
  if (isBytes && /[^\0-\x7f]/.test(source)) throw syntaxAt('bytes can only contain ASCII characters', offset)
  const value = isRaw ? source : unescape(source, body, rules)
  if (!value.isWellFormed()) throw syntaxAt('half of a surrogate pair is no character', offset)
  return { value: isBytes ? new Bytes(value) : value, end: close + quote.length }
}

function findClose(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    if (text.startsWith(quote, at)) return at
    const character = text.charAt(at)
    if (character === '\\') at++
    else if (character === '\n' && quote.length === 1) return -1
  }
  return -1
}

const ESCAPE = /\\(?:(\r\n|[^])|$)/gu
const SIMPLE: ReadonlyMap<string, string> = new Map([
  ['\n', ''],
  ['\r\n', ''],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
])
/** Escapes that take hexadecimal digits: how many. */
const HEX_DIGITS: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
])

function unescape(source: string, base: number, rules: ExpressionRules): string {
  if (!source.includes('\\')) return source
  let value = ''
  let at = 0
  while (at < source.length) {
    ESCAPE.lastIndex = at
    const match = ESCAPE.exec(source)
    if (match === null) break
    value += source.slice(at, match.index)
    const letter = match[1] ?? ''
    at = match.index + 1 + letter.length
    const simple = SIMPLE.get(letter)
    const count = HEX_DIGITS.get(letter)
    if (simple !== undefined) value += simple
    else if (count !== undefined) {
      value += hexCharacter(source.slice(at, at + count), count, base + match.index)
      at += count
    } else if (letter === 'N' && rules.readsStrayLiterals) {
      const [braced = '', name = ''] = /^\{([^}]*)\}/.exec(source.slice(at)) ?? []
      const character = characterNamed(name)
      if (character === null) throw syntaxAt('unknown Unicode character name', base + match.index)
      value += character
      at += braced.length
    } else if (letter === 'N')
      throw forbidden('characters by name (\\N{…}) are not allowed in expressions', base + match.index)
    else if (/^[0-7]$/.test(letter)) {
      const [octal = ''] = /^[0-7]{1,3}/.exec(source.slice(at - 1, at + 2)) ?? []
      value += String.fromCharCode(Number.parseInt(octal, 8))
      at += octal.length - 1
      // A backslash before anything else stays.
    } else value += `\\${letter}`
  }
  return value + source.slice(at)
}

function hexCharacter(digits: string, count: number, offset: number): string {
  const code = Number.parseInt(digits, 16)
  if (digits.length !== count || !/^[\da-fA-F]+$/.test(digits) || code > 0x10ffff)
    throw syntaxAt('incomplete or impossible \\x, \\u or \\U escape', offset)
  return String.fromCodePoint(code)
}

function forbidden(message: string, offset: number): ExpressionError {
  return new ExpressionError('expression/forbidden', message, { offset })
}

function syntaxAt(message: string, offset: number): ExpressionError {
  return new ExpressionError('expression/syntax', message, { offset })
}
