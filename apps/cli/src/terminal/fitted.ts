import { fitted, widthOf } from './printable.ts'

const STYLE = /\x1b\[\d+(?:;\d+)*m/g
const RESET = '\x1b[0m'

/** A line of ours, colours and all, cut to a number of columns. */
export function fittedStyled(line: string, columns: number): string {
  const bare = line.replace(STYLE, '')
  if (widthOf(bare) <= columns) return line
  let left = columns - 1
  let cut = ''
  for (const [piece] of line.matchAll(/\x1b\[\d+(?:;\d+)*m|[^\x1b]+/g)) {
    if (piece.startsWith('\x1b')) cut += piece
    else {
      const kept = widthOf(piece) <= left ? piece : fitted(piece, left + 1).slice(0, -1)
      cut += kept
      left -= widthOf(kept)
      if (kept !== piece) break
    }
  }
  return `${cut}…${line.includes('\x1b') ? RESET : ''}`
}
