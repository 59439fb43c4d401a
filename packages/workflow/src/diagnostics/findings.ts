import type { Code, Diagnostic } from './diagnostic.ts'
import { type Path, pathText } from './path.ts'
import { excerptOf, type Part, positionOf, type Source, type Span } from './source.ts'
import { WorkflowError } from './workflow-error.ts'

/** Findings kept of each severity; the rest is counted. A list of 100,000 wrong entries needs no 100,000 messages. */
const KEPT_MAX = 100

/** A place in the text, for what is found before values have paths. */
export interface Place extends Span {
  readonly path?: Path
}

export interface FindingDetail {
  /** A function where finding it costs something: it is asked for findings that are kept only. */
  readonly help?: string | null | (() => string | null)
  /** The part of the text value that is meant, or its key. */
  readonly part?: Part | 'key' | undefined
}

/** Collects what a compilation finds, gives each its place, and throws them together. */
export class Findings {
  readonly #source: Source | null
  readonly #base: Path
  readonly #errors: Diagnostic[] = []
  readonly #warnings: Diagnostic[] = []
  #errorCount = 0
  /** `config.strict`: every warning counts as an error. */
  isStrict = false

  /** @param base where in the source the workflow stands: empty for the document itself */
  constructor(source: Source | null, base: Path = []) {
    this.#source = source
    this.#base = base
  }

  /** For a workflow that is written inside this one. */
  below(path: Path): Findings {
    return new Findings(this.#source, [...this.#base, ...path])
  }

  error(code: Code, at: Path | Place, message: string, detail: FindingDetail = {}): void {
    this.#errorCount++
    if (this.#errors.length < KEPT_MAX) this.#errors.push(this.#diagnostic('error', code, at, message, detail))
  }

  warn(code: Code, at: Path | Place, message: string, detail: FindingDetail = {}): void {
    if (this.isStrict) this.error(code, at, message, detail)
    else if (this.#warnings.length < KEPT_MAX)
      this.#warnings.push(this.#diagnostic('warning', code, at, message, detail))
  }

  /** Takes over what an earlier stage, or a workflow inside this one, warned of. */
  adopt(warnings: readonly Diagnostic[]): void {
    if (!this.isStrict) this.#warnings.push(...warnings.slice(0, Math.max(0, KEPT_MAX - this.#warnings.length)))
    else {
      this.#errorCount += warnings.length
      this.#errors.push(...warnings.map((warning) => ({ ...warning, severity: 'error' as const })))
    }
  }

  get warnings(): readonly Diagnostic[] {
    return this.#warnings
  }

  /** Those that were kept, errors first. */
  get all(): readonly Diagnostic[] {
    return [...this.#errors, ...this.#warnings]
  }

  get hasErrors(): boolean {
    return this.#errorCount > 0
  }

  /** @throws {WorkflowError} with all errors so far */
  throwErrors(): void {
    if (this.hasErrors) throw new WorkflowError(this.#errors, this.#errorCount)
  }

  #diagnostic(
    severity: Diagnostic['severity'],
    code: Code,
    at: Path | Place,
    message: string,
    { help = null, part }: FindingDetail,
  ): Diagnostic {
    const full = isPath(at) ? [...this.#base, ...at] : (at.path ?? [])
    const path = pathText(full)
    const common = { severity, code, message, help: typeof help === 'function' ? help() : help, path }
    const source = this.#source
    if (source === null) return { ...common, file: null, line: null, column: null, excerpt: null }
    const span = isPath(at) ? source.locate(full, part) : at
    const { file, text } = source
    return { ...common, file, ...positionOf(text, span.offset), excerpt: text === '' ? null : excerptOf(text, span) }
  }
}

function isPath(at: Path | Place): at is Path {
  return Array.isArray(at)
}
