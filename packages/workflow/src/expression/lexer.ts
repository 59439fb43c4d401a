import { ExpressionError } from './errors.ts'
import type { ExpressionRules } from './expression.ts'
import { readNumber } from './number-literal.ts'
import { readText, TEXT_START } from './text-literal.ts'
import { KEYWORDS, type Token } from './token.ts'

const NAME = /[\p{XIDS}_][\p{XIDC}]*/uy
const OPERATORS = /\.\.\.|\*\*|\/\/|<<|>>|:=|->|[=!<>]=|[-+*/%@&|^~<>=!:;,.()[\]{}?$`]/y
const BLANK = /[ \t\f]/

/**
 * The pieces of an expression, blanks and a comment left out. Line ends count as blanks inside brackets and at both ends only.
 * @throws {ExpressionError} `expression/syntax`
 */
export function tokenize(text: string, rules: ExpressionRules): readonly Token[] {
  const tokens: Token[] = []
  let depth = 0
  let at = 0
  let lineEnd = -1
  while (at < text.length) {
    const character = text.charAt(at)
    if (BLANK.test(character)) at++
    else if (character === '\\' && /^\\\r?\n/.test(text.slice(at, at + 3))) at = text.indexOf('\n', at) + 1
    else if (character === '#') at = endOfLine(text, at)
    else if (character === '\n' || character === '\r') {
      if (depth === 0 && tokens.length > 0 && lineEnd === -1) lineEnd = at
      at++
    } else {
      if (lineEnd !== -1)
        throw syntaxError(
          'the expression goes on in a new line',
          lineEnd,
          'put it in parentheses, or write it in one line',
        )
      const token = readToken(text, at, rules)
      if (token.kind === 'operator') depth += '([{'.includes(token.text) ? 1 : ')]}'.includes(token.text) ? -1 : 0
      tokens.push(token)
      at = token.end
    }
  }
  tokens.push({ kind: 'end', text: '', offset: text.length, end: text.length })
  return tokens
}

export function syntaxError(message: string, offset: number, help: string | null = null): ExpressionError {
  return new ExpressionError('expression/syntax', message, { offset, help })
}

function readToken(text: string, offset: number, rules: ExpressionRules): Token {
  if (TEXT_START.test(text.slice(offset, offset + 3))) {
    const { value, end } = readText(text, offset, rules)
    return typeof value === 'string' ? { kind: 'text', value, offset, end } : { kind: 'value', value, offset, end }
  }
  if (/\d|^\.\d/.test(text.slice(offset, offset + 1) === '.' ? text.slice(offset, offset + 2) : text.charAt(offset))) {
    const { value, end } = readNumber(text, offset, rules)
    return { kind: 'value', value, offset, end }
  }
  const name = matchAt(NAME, text, offset)
  if (name !== null) {
    const normal = name.normalize('NFKC')
    return { kind: KEYWORDS.has(normal) ? 'keyword' : 'name', text: normal, offset, end: offset + name.length }
  }
  const operator = matchAt(OPERATORS, text, offset)
  if (operator !== null) return { kind: 'operator', text: operator, offset, end: offset + operator.length }
  const code = text.codePointAt(offset) ?? 0
  throw syntaxError(`unexpected character U+${code.toString(16).toUpperCase().padStart(4, '0')}`, offset)
}

function matchAt(pattern: RegExp, text: string, offset: number): string | null {
  pattern.lastIndex = offset
  return pattern.exec(text)?.[0] ?? null
}

function endOfLine(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charAt(at) !== '\n' && text.charAt(at) !== '\r') at++
  return at
}
