import { floatValue, intValue } from '../value/value.ts'
import type { Py } from '../python/objects.ts'
import { Complex } from '../python/stray.ts'
import { ExpressionError } from './errors.ts'
import type { ExpressionRules } from './expression.ts'

const RADIX = /0(?:[xX](?:_?[\da-fA-F])+|[oO](?:_?[0-7])+|[bB](?:_?[01])+)/y
const DECIMAL = /(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][-+]?\d(?:_?\d)*)?/y
/** What may follow a number without a blank, as in `1or 2`. */
const KEYWORD_AFTER = /(?:and|or|in|is|if|else|not)\b/y
const WORD = /[\p{XIDC}]/uy

export function readNumber(
  text: string,
  offset: number,
  { readsStrayLiterals }: ExpressionRules,
): { readonly value: Py; readonly end: number } {
  const radix = match(RADIX, text, offset)
  const literal = radix ?? match(DECIMAL, text, offset) ?? ''
  const end = offset + literal.length
  if (/[jJ]/.test(text.charAt(end))) {
    if (readsStrayLiterals && radix === null)
      return { value: new Complex(Number(literal.replaceAll('_', ''))), end: end + 1 }
    throw new ExpressionError('expression/forbidden', 'complex numbers are not allowed in expressions', { offset })
  }
  if (match(WORD, text, end) !== null && match(KEYWORD_AFTER, text, end) === null) {
    throw new ExpressionError('expression/syntax', 'invalid number', { offset })
  }
  const digits = literal.replaceAll('_', '')
  if (radix !== null) return { value: intValue(BigInt(digits)), end }
  if (/[.eE]/.test(digits)) return { value: floatValue(Number(digits)), end }
  if (/^0+[1-9]/.test(digits)) {
    throw new ExpressionError('expression/syntax', 'a whole number does not begin with 0', {
      offset,
      help: 'write 8 for 08, or 0o10 for an octal number',
    })
  }
  return { value: intValue(BigInt(digits)), end }
}

function match(pattern: RegExp, text: string, offset: number): string | null {
  pattern.lastIndex = offset
  return pattern.exec(text)?.[0] ?? null
}
