import { type Diagnostic, placeOf } from './diagnostic.ts'
import { shown } from './shown.ts'

/** Diagnostics printed before `and n more`, unless a caller asks for more. */
export const LISTED_MAX = 20

/** Paints one kind of text; the default leaves it as it is. */
export type Paint = (text: string, kind: 'error' | 'warning' | 'code' | 'faint' | 'caret') => string

export interface FormatOptions {
  readonly paint?: Paint
  /** How many there are where `diagnostics` holds only the first of them. */
  readonly total?: number
  /** How many are printed, default 20. */
  readonly listedMax?: number
}

/** Warnings that are errors in the builder too. */
const ERRORS_IN_BUILDER = new Set(['workflow/unknown-reference'])

/** The one form in which errors and warnings of workflows are shown. Several are separated by an empty line. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], options: FormatOptions = {}): string {
  const blocks = diagnostics
    .slice(0, options.listedMax ?? LISTED_MAX)
    .map((diagnostic) => formatDiagnostic(diagnostic, options))
  const more = (options.total ?? diagnostics.length) - blocks.length
  if (more > 0) blocks.push(`and ${more} more`)
  return blocks.join('\n\n')
}

export function formatDiagnostic(diagnostic: Diagnostic, { paint = plain }: FormatOptions = {}): string {
  const { severity, code, message, help, excerpt } = diagnostic
  const lines = [`${paint(severity, severity)}  ${paint(code, 'code')}${paint(remark(diagnostic), 'faint')}`]
  const place = placeOf(diagnostic)
  if (place !== null) lines.push(`  ${place}`)
  if (excerpt === null) lines.push(`  ${message}`)
  else {
    const width = Math.max(...excerpt.lines.map(({ number }) => String(number).length), 2)
    for (const { number, text } of excerpt.lines) {
      lines.push(`  ${paint(`${String(number).padStart(width)} │`, 'faint')} ${shown(text)}`)
    }
    const caret = paint('^'.repeat(excerpt.caretLength), 'caret')
    lines.push(`  ${' '.repeat(width)} ${paint('│', 'faint')}${' '.repeat(excerpt.caretColumn)}${caret} ${message}`)
  }
  if (help !== null) lines.push(`  help: ${help}`)
  lines.push(`  docs: docs/errors.md#${code.replace('/', '-')}`)
  return lines.join('\n')
}

function remark({ severity, code }: Diagnostic): string {
  if (severity === 'error') return ''
  return `   (an error with strict: true${ERRORS_IN_BUILDER.has(code) ? ', and in the TypeScript builder' : ''})`
}

function plain(text: string): string {
  return text
}
