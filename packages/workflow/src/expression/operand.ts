import type { Token } from './token.ts'
import type { Reader } from './reader.ts'
import {
  checkAttribute,
  checkMethodCall,
  checkName,
  forbidden,
  FUNCTIONS,
  literalBound,
  literalKey,
  shorten,
} from './rules.ts'
import { syntaxError } from './lexer.ts'
import { ELLIPSIS } from '../python/stray.ts'
import type { Node, SliceBounds } from './syntax.ts'

type ReadExpression = (reader: Reader) => Node

/** A literal, a name, or brackets, with all that follows it: `.name`, `[key]`, `(arguments)`. */
export function readOperand(reader: Reader, read: ReadExpression): Node {
  let node = readAtom(reader, read)
  for (;;) {
    const open = reader.next
    if (reader.skip('.')) node = readAttribute(reader, node)
    else if (reader.skip('[')) node = readSubscript(reader, { target: node, open, read })
    else if (reader.skip('(')) node = readCall(reader, { target: node, open, read })
    else return node
  }
}

function readAtom(reader: Reader, read: ReadExpression): Node {
  const token = reader.next
  const { offset, end } = token
  switch (token.kind) {
    case 'value':
      reader.take()
      return reader.node({ kind: 'constant', value: token.value, offset, end })
    case 'text':
      return readTexts(reader)
    case 'name':
      reader.take()
      checkName(token.text, offset)
      return reader.node({ kind: 'name', name: token.text, offset, end })
    case 'keyword': {
      const value = CONSTANTS.get(token.text)
      if (value === undefined) throw reader.unexpected()
      reader.take()
      return reader.node({ kind: 'constant', value, offset, end })
    }
    case 'operator':
      if (token.text === '(') return readParentheses(reader, read)
      if (token.text === '[') return readList(reader, read)
      if (token.text === '{') return readMapping(reader, read)
      if (token.text === '...' && reader.rules.readsStrayLiterals) {
        reader.take()
        return reader.node({ kind: 'constant', value: ELLIPSIS, offset, end })
      }
      throw reader.unexpected()
    case 'end':
      throw reader.unexpected()
  }
}

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ['True', true],
  ['False', false],
  ['None', null],
])

/** Texts side by side are one text. */
function readTexts(reader: Reader): Node {
  const { offset } = reader.next
  let value = ''
  let end = offset
  for (let token = reader.next; token.kind === 'text'; token = reader.next) {
    value += token.value
    end = reader.take().end
  }
  return reader.node({ kind: 'constant', value, offset, end })
}

function readParentheses(reader: Reader, read: ReadExpression): Node {
  const open = reader.take()
  if (reader.is(')'))
    return reader.node({ kind: 'sequence', items: [], isTuple: true, offset: open.offset, end: reader.take().end })
  const first = readItem(reader, read)
  if (!reader.is(',')) {
    const { end } = reader.expect(')', open)
    return { ...first, end }
  }
  const items = readItems(reader, { first, close: ')', read })
  return reader.node({ kind: 'sequence', items, isTuple: true, offset: open.offset, end: reader.expect(')', open).end })
}

function readList(reader: Reader, read: ReadExpression): Node {
  const open = reader.take()
  const items = reader.is(']') ? [] : readItems(reader, { first: readItem(reader, read), close: ']', read })
  return reader.node({
    kind: 'sequence',
    items,
    isTuple: false,
    offset: open.offset,
    end: reader.expect(']', open).end,
  })
}

function readMapping(reader: Reader, read: ReadExpression): Node {
  const open = reader.take()
  const entries: (readonly [Node, Node])[] = []
  while (!reader.is('}')) {
    const key = readItem(reader, read)
    if (!reader.skip(':')) {
      if (reader.is(',') || reader.is('}'))
        throw forbidden('sets are not allowed in expressions', open.offset, 'write a list: [a, b]')
      throw reader.next.kind === 'end'
        ? syntaxError("a bracket is not closed, '}' is missing", open.offset)
        : reader.unexpected()
    }
    entries.push([key, readItem(reader, read)])
    if (!reader.skip(',')) break
  }
  return reader.node({ kind: 'mapping', entries, offset: open.offset, end: reader.expect('}', open).end })
}

/** One expression inside brackets: here, and only here, Python would allow `:=`. */
function readItem(reader: Reader, read: ReadExpression): Node {
  const item = read(reader)
  if (reader.is(':=')) throw forbidden("assignment (':=') is not allowed in expressions", reader.next.offset)
  return item
}

function readItems(
  reader: Reader,
  { first, close, read }: { first: Node; close: string; read: ReadExpression },
): Node[] {
  const items = [first]
  while (reader.skip(',') && !reader.is(close)) items.push(readItem(reader, read))
  return items
}

function readAttribute(reader: Reader, target: Node): Node {
  const token = reader.next
  if (token.kind === 'keyword')
    throw syntaxError(`'${token.text}' is a keyword`, token.offset, `write ['${token.text}'] instead of .${token.text}`)
  if (token.kind !== 'name') throw reader.unexpected()
  reader.take()
  checkAttribute(token.text, token.offset)
  return reader.node({ kind: 'attribute', target, name: token.text, offset: token.offset, end: token.end })
}

interface Suffix {
  readonly target: Node
  readonly open: Token
  readonly read: ReadExpression
}

function readSubscript(reader: Reader, { target, open, read }: Suffix): Node {
  const { offset } = open
  const first = reader.is(':') ? null : readItem(reader, read)
  if (reader.is(',')) throw forbidden('a key in brackets must be a literal whole number or text', offset)
  if (!reader.is(':')) {
    if (first === null) throw reader.unexpected()
    const { end } = reader.expect(']', open)
    return reader.node({ kind: 'subscript', target, key: literalKey(first, reader.rules), offset, end })
  }
  reader.take()
  const stop = readBound(reader, read)
  const step = reader.skip(':') ? readBound(reader, read) : null
  const bounds: SliceBounds = { start: first === null ? null : literalBound(first), stop, step }
  return reader.node({ kind: 'slice', target, bounds, offset, end: reader.expect(']', open).end })
}

function readBound(reader: Reader, read: ReadExpression): number | null {
  return reader.is(':') || reader.is(']') ? null : literalBound(readItem(reader, read))
}

function readCall(reader: Reader, { target, open, read }: Suffix): Node {
  const args: Node[] = []
  while (!reader.is(')')) {
    if (reader.is('*') || reader.is('**'))
      throw forbidden('unpacking with * is not allowed in expressions', reader.next.offset)
    const following = reader.peek(1)
    if (reader.next.kind === 'name' && following.kind === 'operator' && following.text === '=') {
      throw forbidden('arguments by name are not allowed in expressions', reader.next.offset)
    }
    args.push(readItem(reader, read))
    if (!reader.skip(',')) break
  }
  const { end } = reader.expect(')', open)
  if (target.kind === 'name') {
    if (!FUNCTIONS.has(target.name)) {
      throw forbidden(
        `the function '${shorten(target.name)}' is not allowed in expressions`,
        target.offset,
        `allowed are ${[...FUNCTIONS].join(', ')}`,
      )
    }
    return reader.node({ kind: 'call', name: target.name, args, offset: target.offset, end })
  }
  if (target.kind !== 'attribute')
    throw forbidden('only named functions and methods can be called in expressions', open.offset)
  checkMethodCall(target.target, target.name, target.offset)
  return reader.node({ kind: 'method', target: target.target, name: target.name, args, offset: target.offset, end })
}
