import { codePointLength } from './code-points.ts'

/** Fills a text up to a width, both in code points. `=` is the caller's: it fills inside a number. */
export function pad(
  text: string,
  { fill, align, width }: { fill: string; align: '<' | '>' | '^'; width: number },
): string {
  const missing = width - codePointLength(text)
  if (missing <= 0) return text
  const before = align === '<' ? 0 : align === '>' ? missing : Math.floor(missing / 2)
  return fill.repeat(before) + text + fill.repeat(missing - before)
}
