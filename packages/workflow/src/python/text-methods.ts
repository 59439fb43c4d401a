// The methods that expressions may call on texts. A closed table: what is not in it does not exist, `format` and `encode` above all.
// Positions and lengths are code points to the caller and UTF-16 units inside.
import { codePointLength, pointIndex, unitOffset } from './code-points.ts'
import { sizeOf } from './containers.ts'
import { sequenceItems, type Meter } from './equal.ts'
import { PythonError } from './error.ts'
import { finder, findLast } from './finder.ts'
import { isFloat, isNumeric, magnitude } from './number.ts'
import { PyList, typeName, type Py } from './objects.ts'
import { pad } from './pad.ts'
import { capitalize, casefold, swapcase, title } from './text-case.ts'
import { split, splitFromEnd, splitLines, strip } from './text-split.ts'
import { TEXT_TESTS } from './text-tests.ts'

export interface Bounds extends Meter {
  /** Throws before a text of so many UTF-16 units would be built. */
  checkLength(units: number): void
}

type Method = (text: string, args: Arguments, bounds: Bounds) => Py

/** @returns undefined where there is no such method */
export function textMethod(name: string): { readonly call: Method } | undefined {
  const call = METHODS.get(name)
  return call === undefined ? undefined : { call }
}

/** Positional arguments of one call, checked as they are taken. */
export class Arguments {
  readonly #name: string
  readonly #args: readonly Py[]

  constructor(name: string, args: readonly Py[]) {
    this.#name = name
    this.#args = args
  }

  /** @throws {PythonError} */
  count(min: number, max: number): this {
    const { length } = this.#args
    if (length < min || length > max) {
      throw new PythonError(
        `${this.#name}() takes ${min === max ? min : `${min} to ${max}`} arguments (${length} given)`,
      )
    }
    return this
  }

  any(index: number): Py {
    return this.#args[index] ?? null
  }

  text(index: number): string {
    const value = this.any(index)
    if (typeof value !== 'string') throw new PythonError(`${this.#name}() argument must be str, not ${typeName(value)}`)
    return value
  }

  textOrNull(index: number): string | null {
    return this.any(index) === null ? null : this.text(index)
  }

  int(index: number, otherwise: number): number {
    if (index >= this.#args.length) return otherwise
    const value = this.any(index)
    if (!isNumeric(value) || isFloat(value))
      throw new PythonError(`'${typeName(value)}' object cannot be interpreted as an integer`)
    return Number(magnitude(value))
  }

  /** A split or replacement count: negative means all. */
  limit(index: number): number {
    const limit = this.int(index, -1)
    return limit < 0 ? Infinity : limit
  }
}

const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['lower', plain((text) => text.toLowerCase())],
  ['upper', plain((text) => text.toUpperCase())],
  ['casefold', plain(casefold)],
  ['capitalize', plain(capitalize)],
  ['title', plain(title)],
  ['swapcase', plain(swapcase)],
  ...Array.from(
    TEXT_TESTS,
    ([name, test]) => [name, (text: string, args: Arguments) => (args.count(0, 0), test(text))] as const,
  ),
  ['strip', stripMethod('both')],
  ['lstrip', stripMethod('start')],
  ['rstrip', stripMethod('end')],
  ['startswith', affix((part, affixText) => part.startsWith(affixText))],
  ['endswith', affix((part, affixText) => part.endsWith(affixText))],
  ['find', (text, args, bounds) => position(text, args, bounds).first],
  ['rfind', (text, args, bounds) => position(text, args, bounds).last],
  ['index', (text, args, bounds) => found(position(text, args, bounds).first)],
  ['rindex', (text, args, bounds) => found(position(text, args, bounds).last)],
  ['count', countMethod],
  ['replace', replaceMethod],
  ['split', (text, args, bounds) => listOf(split(text, splitOptions(args)), bounds)],
  ['rsplit', (text, args, bounds) => listOf(splitFromEnd(text, splitOptions(args)), bounds)],
  ['splitlines', (text, args, bounds) => listOf(splitLines(text, args.count(0, 1).int(0, 0) !== 0), bounds)],
  ['partition', (text, args) => partition(text, args.count(1, 1).text(0), 'first')],
  ['rpartition', (text, args) => partition(text, args.count(1, 1).text(0), 'last')],
  ['join', joinMethod],
  [
    'removeprefix',
    (text, args) => (text.startsWith(args.count(1, 1).text(0)) ? text.slice(args.text(0).length) : text),
  ],
  [
    'removesuffix',
    (text, args) =>
      args.count(1, 1).text(0) !== '' && text.endsWith(args.text(0)) ? text.slice(0, -args.text(0).length) : text,
  ],
  ['zfill', zfillMethod],
  ['ljust', justify('<')],
  ['rjust', justify('>')],
  ['center', justify('^')],
])

function plain(change: (text: string) => string): Method {
  return (text, args, bounds) => {
    args.count(0, 0)
    bounds.checkLength(text.length)
    const changed = change(text)
    bounds.checkLength(changed.length)
    return changed
  }
}

function stripMethod(side: 'both' | 'start' | 'end'): Method {
  return (text, args) => strip(text, { characters: args.count(0, 1).textOrNull(0), side })
}

/** The part of a text that optional start and end arguments (from `index`) name, in UTF-16 units. */
function range(
  text: string,
  args: Arguments,
  index: number,
): { readonly start: number; readonly end: number; readonly isEmptyOutside: boolean } {
  if (args.any(index) === null && args.any(index + 1) === null)
    return { start: 0, end: text.length, isEmptyOutside: false }
  const length = codePointLength(text)
  const from = (at: number, otherwise: number): number => {
    const value = args.any(at) === null ? otherwise : args.int(at, otherwise)
    return value < 0 ? Math.max(0, length + value) : value
  }
  const start = from(index, 0)
  const end = Math.min(length, from(index + 1, length))
  return { start: unitOffset(text, Math.min(start, length)), end: unitOffset(text, end), isEmptyOutside: start > end }
}

function affix(test: (part: string, affixText: string) => boolean): Method {
  return (text, args, bounds) => {
    const wanted = args.count(1, 3).any(0)
    const options = wanted instanceof PyList && wanted.isTuple ? wanted.items : [wanted]
    const { start, end, isEmptyOutside } = range(text, args, 1)
    const part = text.slice(start, end)
    bounds.spend(options.length)
    return options.some((option) => {
      if (typeof option !== 'string')
        throw new PythonError(`first argument must be str or a tuple of str, not ${typeName(option)}`)
      return !isEmptyOutside && test(part, option)
    })
  }
}

function position(text: string, args: Arguments, bounds: Bounds): { readonly first: number; readonly last: number } {
  const wanted = args.count(1, 3).text(0)
  const { start, end, isEmptyOutside } = range(text, args, 1)
  bounds.spend(1)
  if (isEmptyOutside) return { first: -1, last: -1 }
  const part = text.slice(0, end)
  const first = finder(part, wanted)(start)
  const last = first === -1 ? -1 : findLast(part, wanted)
  return { first: first === -1 ? -1 : pointIndex(text, first), last: last === -1 ? -1 : pointIndex(text, last) }
}

function found(index: number): number {
  if (index === -1) throw new PythonError('substring not found')
  return index
}

function occurrences(text: string, wanted: string): number {
  if (wanted === '') return codePointLength(text) + 1
  const find = finder(text, wanted)
  let count = 0
  for (let at = find(0); at !== -1; at = find(at + wanted.length)) count++
  return count
}

function countMethod(text: string, args: Arguments): Py {
  const wanted = args.count(1, 3).text(0)
  const { start, end, isEmptyOutside } = range(text, args, 1)
  return isEmptyOutside ? 0 : occurrences(text.slice(start, end), wanted)
}

function replaceMethod(text: string, args: Arguments, bounds: Bounds): Py {
  const [old, replacement, limit] = [args.count(2, 3).text(0), args.text(1), args.limit(2)]
  const count = Math.min(occurrences(text, old), limit)
  // The length is known before a character is written: 28 doublings in a chain would be 256 MB of text.
  bounds.checkLength(text.length + count * (replacement.length - old.length))
  if (count === 0) return text
  if (old !== '') return split(text, { separator: old, max: count }).join(replacement)
  const points = Array.from(text)
  return (
    points.map((point, index) => (index < count ? replacement + point : point)).join('') +
    (count > points.length ? replacement : '')
  )
}

function splitOptions(args: Arguments): { readonly separator: string | null; readonly max: number } {
  const separator = args.count(0, 2).textOrNull(0)
  if (separator === '') throw new PythonError('empty separator')
  return { separator, max: args.limit(1) }
}

function listOf(items: readonly string[], bounds: Bounds): PyList {
  bounds.spend(items.length)
  return new PyList(items, 'list')
}

function partition(text: string, separator: string, which: 'first' | 'last'): Py {
  if (separator === '') throw new PythonError('empty separator')
  const at = which === 'first' ? finder(text, separator)(0) : findLast(text, separator)
  const whole = which === 'first' ? [text, '', ''] : ['', '', text]
  const parts = at === -1 ? whole : [text.slice(0, at), separator, text.slice(at + separator.length)]
  return new PyList(parts, 'tuple')
}

function joinMethod(text: string, args: Arguments, bounds: Bounds): Py {
  const list = args.count(1, 1).any(0)
  const items = typeof list === 'string' ? Array.from(list) : sequenceItems(list)
  if (items === null) throw new PythonError('can only join an iterable')
  bounds.spend(items.length)
  let length = text.length * Math.max(0, sizeOf(list) - 1)
  const texts = items.map((item, index) => {
    if (typeof item !== 'string')
      throw new PythonError(`sequence item ${index}: expected str instance, ${typeName(item)} found`)
    length += item.length
    return item
  })
  bounds.checkLength(length)
  return texts.join(text)
}

function zfillMethod(text: string, args: Arguments, bounds: Bounds): Py {
  const width = args.count(1, 1).int(0, 0)
  bounds.checkLength(Math.max(width, text.length))
  const [sign = ''] = /^[-+]/.exec(text) ?? []
  return sign + '0'.repeat(Math.max(0, width - codePointLength(text))) + text.slice(sign.length)
}

function justify(align: '<' | '>' | '^'): Method {
  return (text, args, bounds) => {
    const width = args.count(1, 2).int(0, 0)
    const fill = args.any(1) === null ? ' ' : args.text(1)
    if (codePointLength(fill) !== 1) throw new PythonError('The fill character must be exactly one character long')
    bounds.checkLength(Math.max(width * fill.length, text.length))
    if (align !== '^') return pad(text, { fill, align, width })
    // Python's center puts the odd blank before the text where the width is odd, unlike its format.
    const missing = Math.max(0, width - codePointLength(text))
    const before = Math.floor(missing / 2) + (missing & width & 1)
    return fill.repeat(before) + text + fill.repeat(missing - before)
  }
}
