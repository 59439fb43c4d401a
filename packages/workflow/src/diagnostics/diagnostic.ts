export type Code = `${string}/${string}`

/** One thing that is wrong, or doubtful, in a workflow. Plain data. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  readonly code: Code
  readonly message: string
  /** What to do about it, or null. */
  readonly help: string | null
  readonly file: string | null
  /** 1-based; null where the workflow did not come from text. */
  readonly line: number | null
  /** 1-based, in code points. */
  readonly column: number | null
  /** `steps[3].prompt`; empty for the document itself. */
  readonly path: string
  readonly excerpt: Excerpt | null
}

/** The offending line, with the one before it, and what the caret points at. */
export interface Excerpt {
  readonly lines: readonly { readonly number: number; readonly text: string }[]
  /** In code points of the last line. */
  readonly caretColumn: number
  readonly caretLength: number
}

/** `triage.yaml:14:31`, as far as it is known; null where nothing is. */
export function placeOf(diagnostic: Diagnostic): string | null {
  const { file, line, column, path } = diagnostic
  if (line === null) return [file, path].filter((part) => part !== null && part !== '').join('  ') || null
  const position = `${file ?? '<text>'}:${line}:${column ?? 1}`
  return path === '' ? position : `${position}  ${path}`
}
