import type { Writable } from 'node:stream'
import type { Environment } from './environment.ts'

/** A width that lines can be fitted to; what a terminal or COLUMNS says beyond it is a mistake. */
const COLUMNS_MAX = 1_000
const COLUMNS_DEFAULT = 80

type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/**
 * One of the process's two output streams. Writing never throws: a reader that went away (EPIPE) is forgotten quietly, any
 * other trouble is kept in `failure` for whoever decides about the exit code.
 */
export class Output {
  /** Whether lines may be drawn over again. */
  readonly isTerminal: boolean
  readonly hasColors: boolean
  readonly #stream: Stream
  readonly #columns: number | null
  #failure: Error | null = null
  #isClosed = false
  #pending: Promise<void> = Promise.resolve()

  constructor(stream: Stream, environment: Environment) {
    this.#stream = stream
    const { TERM, COLUMNS, NO_COLOR = '', FORCE_COLOR = '' } = environment
    this.isTerminal = stream.isTTY === true && TERM !== 'dumb'
    this.hasColors = NO_COLOR === '' && FORCE_COLOR !== '0' && (FORCE_COLOR !== '' || this.isTerminal)
    this.#columns = columnsOf(COLUMNS)
    stream.on('error', (error: NodeJS.ErrnoException) => this.#fail(error))
  }

  get columns(): number {
    return this.#columns ?? columnsOf(String(this.#stream.columns)) ?? COLUMNS_DEFAULT
  }

  /** What went wrong, but for a reader that went away. */
  get failure(): Error | null {
    return this.#failure
  }

  /** Nobody reads on: what is written is thrown away. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  write(text: string): void {
    if (this.#isClosed || text === '') return
    this.#pending = new Promise((resolve) => {
      this.#stream.write(text, (error) => {
        if (error != null) this.#fail(error)
        resolve()
      })
    })
  }

  line(text: string): void {
    this.write(`${text}\n`)
  }

  /** Resolves when everything written so far has left this process, or cannot. */
  async flushed(): Promise<void> {
    await this.#pending
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#isClosed = true
    if (error.code !== 'EPIPE') this.#failure ??= error
  }
}

function columnsOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,4}$/.test(text)) return null
  const columns = Number(text)
  return columns > 0 && columns <= COLUMNS_MAX ? columns : null
}
