import { codePointLength } from './code-points.ts'
import type { FormatSpec } from './format-spec.ts'
import { pad } from './pad.ts'

/** A number taken apart for padding and grouping. */
export interface NumberParts {
  readonly isNegative: boolean
  /** `0x` and the like. */
  readonly prefix: string
  /** Digits before the point; these are grouped. Empty for nan and the infinities. */
  readonly whole: string
  /** Everything behind them: fraction, exponent, per cent sign, `inf`. */
  readonly rest: string
}

/** Sign, prefix, grouping and padding as Python puts them together. */
export function layOutNumber(parts: NumberParts, spec: FormatSpec): string {
  const sign = parts.isNegative ? '-' : spec.sign === '+' || spec.sign === ' ' ? spec.sign : ''
  const head = sign + parts.prefix
  const align = spec.align ?? (spec.isZeroPadded ? '=' : '>')
  // Zeros that fill a number are grouped like its own digits.
  const room = align === '=' && spec.fill === '0' ? spec.width - head.length - parts.rest.length : 0
  const whole = parts.whole === '' ? '' : groupDigits(parts.whole, spec, room)
  const body = whole + parts.rest
  if (align !== '=') return pad(head + body, { fill: spec.fill, align, width: spec.width })
  return head + spec.fill.repeat(Math.max(0, spec.width - codePointLength(head + body))) + body
}

function groupDigits(digits: string, { grouping, type }: FormatSpec, widthMin: number): string {
  if (grouping === null) return digits.padStart(widthMin, '0')
  const size = type !== '' && 'boxX'.includes(type) ? 4 : 3
  const groups: string[] = []
  let end = digits.length
  let room = widthMin
  do {
    const length = Math.min(size, Math.max(end, room, 1))
    groups.unshift(digits.slice(Math.max(0, end - length), end).padStart(length, '0'))
    end = Math.max(0, end - length)
    room -= length
    if (end <= 0 && room <= 0) break
    room -= 1
  } while (true)
  return groups.join(grouping)
}
