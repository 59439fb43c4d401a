import { ExpressionError } from './errors.ts'
import type { ExpressionRules } from './expression.ts'
import { syntaxError } from './lexer.ts'
import { forbidden } from './rules.ts'
import type { Node } from './syntax.ts'
import type { Token } from './token.ts'

/** Brackets, signs, `not` and branches inside each other; far more than anybody can read, far less than a stack holds. */
export const DEPTH_MAX = 64
/** Of one expression. Evaluating is linear in it. */
export const NODES_MAX = 1_000

/** The tokens of an expression, taken one by one, and what was made of them, counted. */
export class Reader {
  readonly #tokens: readonly Token[]
  #index = 0
  #depth = 0
  #nodeCount = 0
  readonly rules: ExpressionRules

  constructor(tokens: readonly Token[], rules: ExpressionRules) {
    this.#tokens = tokens
    this.rules = rules
  }

  get next(): Token {
    return this.peek(0)
  }

  peek(ahead: number): Token {
    const token = this.#tokens[this.#index + ahead] ?? this.#tokens.at(-1)
    if (token === undefined) throw new Error('an expression has at least its end')
    return token
  }

  take(): Token {
    const token = this.next
    this.#index++
    return token
  }

  /** Whether an operator or keyword comes next. */
  is(text: string): boolean {
    const { next } = this
    return (next.kind === 'operator' || next.kind === 'keyword') && next.text === text
  }

  /** Takes it if it comes next. */
  skip(text: string): boolean {
    if (!this.is(text)) return false
    this.#index++
    return true
  }

  expect(text: string, open: Token): Token {
    if (this.is(text)) return this.take()
    if (this.next.kind === 'end') throw syntaxError(`a bracket is not closed, '${text}' is missing`, open.offset)
    throw this.unexpected()
  }

  get isAtEnd(): boolean {
    return this.next.kind === 'end'
  }

  expectEnd(): void {
    if (!this.isAtEnd) throw this.unexpected()
  }

  /** Runs one level further in. @throws {ExpressionError} `expression/limit` */
  nested<T>(read: () => T): T {
    if (++this.#depth > DEPTH_MAX)
      throw limitError(`an expression nests at most ${DEPTH_MAX} levels deep`, this.next.offset)
    const result = read()
    this.#depth--
    return result
  }

  node(node: Node): Node {
    if (++this.#nodeCount > NODES_MAX) throw limitError(`an expression has at most ${NODES_MAX} parts`, node.offset)
    return node
  }

  /** The error for a token that cannot stand where it stands, with a hint for what other languages write. */
  unexpected(): ExpressionError {
    const token = this.next
    if (token.kind === 'end') return syntaxError('the expression ends too early', token.offset)
    if (token.kind === 'value' || token.kind === 'text')
      return syntaxError('unexpected value', token.offset, 'an operator is missing before it')
    if (token.text === 'for' || token.text === 'async')
      return forbidden('comprehensions are not allowed in expressions', token.offset)
    if (token.text === 'lambda') return forbidden('functions (lambda) are not allowed in expressions', token.offset)
    if (token.text === 'await' || token.text === 'yield')
      return forbidden(`'${token.text}' is not allowed in expressions`, token.offset)
    if (token.text === '...') return forbidden("'...' is not allowed in expressions", token.offset)
    if (token.text === '~') return forbidden("'~' is not allowed in expressions", token.offset)
    if (token.text === '*' || token.text === '**')
      return forbidden('unpacking with * is not allowed in expressions', token.offset)
    return syntaxError(`unexpected '${token.text}'`, token.offset, HINTS.get(token.text) ?? null)
  }
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ['=', 'write == to compare'],
  [':=', 'write == to compare'],
  ['&', 'write and'],
  ['|', 'write or'],
  ['!', 'write not'],
  ['?', 'write A if CONDITION else B'],
])

export function limitError(message: string, offset: number): ExpressionError {
  return new ExpressionError('expression/limit', message, { offset })
}
