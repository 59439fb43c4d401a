import type { Excerpt } from './diagnostic.ts'
import type { Path } from './path.ts'

/** The text that a workflow was read from, and where in it each value stands. */
export interface Source {
  readonly file: string | null
  readonly text: string
  /** The value at a path, or the nearest one around it; with `part` that part of a text value, or the value's key. */
  locate(path: Path, part?: Part | 'key'): Span
}

export interface Span {
  /** In UTF-16 units of the text. */
  readonly offset: number
  readonly length: number
}

/** A part of a text value, in UTF-16 units of the value. */
export interface Part {
  readonly index: number
  readonly length: number
}

/** Characters of a source line that an excerpt shows around the caret. */
const LINE_CHARS_MAX = 120

/** Line and column (1-based, code points) of an offset. */
export function positionOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  let line = 1
  let start = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', start)) {
    line++
    start = at + 1
  }
  return { line, column: codePointCount(text.slice(start, offset)) + 1 }
}

export function excerptOf(text: string, span: Span): Excerpt {
  const { line, column } = positionOf(text, span.offset)
  const start = span.offset === 0 ? 0 : text.lastIndexOf('\n', span.offset - 1) + 1
  // Of a very long line only the part around the caret is shown.
  const cutFrom = column > LINE_CHARS_MAX ? column - LINE_CHARS_MAX / 2 : 0
  const shownLine = [...lineAt(text, start)].slice(cutFrom, cutFrom + LINE_CHARS_MAX)
  const lines = [{ number: line, text: shownLine.join('') }]
  if (start > 1) {
    const previous = lineAt(text, text.lastIndexOf('\n', start - 2) + 1)
    if (previous.trim() !== '') lines.unshift({ number: line - 1, text: previous.slice(0, LINE_CHARS_MAX) })
  }
  const caretColumn = column - cutFrom
  const marked = text.slice(span.offset, span.offset + Math.min(span.length, LINE_CHARS_MAX)).split('\n', 1)[0] ?? ''
  const caretLength = Math.max(1, Math.min(codePointCount(marked), shownLine.length - caretColumn + 1))
  return { lines, caretColumn, caretLength }
}

function lineAt(text: string, start: number): string {
  const end = text.indexOf('\n', start)
  return text.slice(start, end === -1 ? undefined : end)
}

function codePointCount(text: string): number {
  return [...text].length
}
