import { AgentloomError } from '../errors.ts'
import { type Diagnostic, placeOf } from './diagnostic.ts'
import { formatDiagnostics } from './format.ts'

/** A workflow that cannot be loaded. Carries every problem that was found; `code` and `place` are those of the first. */
export class WorkflowError extends AgentloomError {
  override readonly name = 'WorkflowError'
  readonly code: Diagnostic['code']
  readonly retryable = false
  override readonly place: string | null
  override readonly help: string | null
  /** The first hundred at most. */
  readonly diagnostics: readonly Diagnostic[]
  /** How many there are altogether. */
  readonly errorCount: number

  constructor(diagnostics: readonly Diagnostic[], errorCount = diagnostics.length) {
    super(formatDiagnostics(diagnostics, { total: errorCount }))
    const [first] = diagnostics
    this.code = first?.code ?? 'workflow/invalid'
    this.place = first === undefined ? null : placeOf(first)
    this.help = first?.help ?? null
    this.diagnostics = diagnostics
    this.errorCount = errorCount
  }
}
