// The grammar of Python's expressions, from the loosest binding to the tightest:
//   a if b else c · or · and · not · comparisons (chained) · | · ^ · & · << >> · + - · * / // % @ · unary + - ~ · ** · a.b a[b] a(b)
// What Python has and expressions do not is refused where it is met.
import { syntaxError } from './lexer.ts'
import { readOperand } from './operand.ts'
import type { Reader } from './reader.ts'
import { forbidden, FORBIDDEN_OPERATORS } from './rules.ts'
import type { Comparison, Node } from './syntax.ts'

/** The text of a condition: an expression, or several with commas, which are a tuple even without brackets. */
export function readCondition(reader: Reader): Node {
  const first = readExpression(reader)
  if (!reader.is(',')) return first
  const { offset } = reader.next
  const items = [first]
  while (reader.skip(',') && !reader.isAtEnd) items.push(readExpression(reader))
  return reader.node({ kind: 'sequence', items, isTuple: true, offset, end: items.at(-1)?.end ?? offset })
}

/** A whole expression, as it may stand in brackets. */
export function readExpression(reader: Reader): Node {
  return reader.nested(() => {
    const consequent = readLogical(reader, 'or')
    const { offset } = reader.next
    if (!reader.skip('if')) return consequent
    const condition = readLogical(reader, 'or')
    if (!reader.skip('else')) throw syntaxError("'if' without 'else'", offset, 'write A if CONDITION else B')
    const otherwise = readExpression(reader)
    return reader.node({ kind: 'choice', condition, consequent, otherwise, offset, end: otherwise.end })
  })
}

function readLogical(reader: Reader, word: 'or' | 'and'): Node {
  const read = (): Node => (word === 'or' ? readLogical(reader, 'and') : readNot(reader))
  const first = read()
  if (!reader.is(word)) return first
  const { offset } = reader.next
  const operands = [first]
  while (reader.skip(word)) operands.push(read())
  return reader.node({ kind: word === 'or' ? 'any' : 'all', operands, offset, end: operands.at(-1)?.end ?? offset })
}

function readNot(reader: Reader): Node {
  const { offset } = reader.next
  if (!reader.skip('not')) return readComparison(reader)
  const operand = reader.nested(() => readNot(reader))
  return reader.node({ kind: 'not', operand, offset, end: operand.end })
}

function readComparison(reader: Reader): Node {
  const first = readSum(reader)
  const rest: (readonly [Comparison, Node])[] = []
  const { offset } = reader.next
  for (let operator = takeComparison(reader); operator !== null; operator = takeComparison(reader))
    rest.push([operator, readSum(reader)])
  const last = rest.at(-1)
  return last === undefined ? first : reader.node({ kind: 'compare', first, rest, offset, end: last[1].end })
}

const SIMPLE_COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>='])

function takeComparison(reader: Reader): Comparison | null {
  const { next } = reader
  if (next.kind === 'operator' && isSimple(next.text)) {
    reader.take()
    if (reader.is('=')) throw syntaxError(`'${next.text}=' is JavaScript`, next.offset, `write ${next.text}`)
    return next.text
  }
  if (reader.skip('in')) return 'in'
  if (reader.is('not')) {
    const following = reader.peek(1)
    if (following.kind !== 'keyword' || following.text !== 'in') return null
    reader.take()
    reader.take()
    return 'not in'
  }
  if (!reader.skip('is')) return null
  return reader.skip('not') ? 'is not' : 'is'
}

function isSimple(text: string): text is '==' | '!=' | '<' | '<=' | '>' | '>=' {
  return SIMPLE_COMPARISONS.has(text)
}

function readSum(reader: Reader): Node {
  let left = readSigned(reader)
  for (;;) {
    const { next } = reader
    refuseOperator(reader)
    const kind = reader.is('+') ? 'add' : reader.is('-') ? 'subtract' : null
    if (kind === null) return left
    reader.take()
    const right = readSigned(reader)
    left = reader.node({ kind, left, right, offset: next.offset, end: right.end })
  }
}

function refuseOperator(reader: Reader): void {
  const { next } = reader
  const what = next.kind === 'operator' ? FORBIDDEN_OPERATORS.get(next.text) : undefined
  if (next.kind !== 'operator' || what === undefined) return
  const following = reader.peek(1)
  // && and || are no operators of Python at all.
  if ('&|'.includes(next.text) && following.kind === 'operator' && following.text === next.text)
    throw reader.unexpected()
  throw forbidden(`${what} (${next.text}) is not allowed in expressions`, next.offset)
}

function readSigned(reader: Reader): Node {
  const { offset } = reader.next
  const kind = reader.is('-') ? 'negate' : reader.is('+') ? 'plus' : null
  if (kind === null) return readOperand(reader, readExpression)
  reader.take()
  const operand = reader.nested(() => readSigned(reader))
  return reader.node({ kind, operand, offset, end: operand.end })
}
