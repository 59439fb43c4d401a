import { AgentloomError } from '@agentloom/workflow'

export type HttpErrorCode =
  | 'http/bad-id'
  | 'http/bad-limit'
  | 'http/bad-query'
  | 'http/bad-request'
  | 'http/body'
  | 'http/character'
  | 'http/depth'
  | 'http/duplicate-key'
  | 'http/forbidden-key'
  | 'http/foreign-host'
  | 'http/foreign-origin'
  | 'http/headers'
  | 'http/json'
  | 'http/media-type'
  | 'http/method'
  | 'http/no-such-page'
  | 'http/number-not-exact'
  | 'http/timeout'
  | 'http/too-large'
  | 'http/unauthorized'
  | 'http/upgrade'
  | 'http/url-too-long'
  | 'run/over'
  | 'run/signal-refused'
  | 'run/unknown-workflow'

interface Details {
  readonly place?: string
  readonly help?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A request that cannot be served as it is. */
export class HttpError extends AgentloomError {
  override readonly name = 'HttpError'
  readonly code: HttpErrorCode
  readonly retryable = false
  readonly status: number
  /** For Bull Board's own error handler, which looks here. */
  readonly statusCode: number
  override readonly place: string | null
  override readonly help: string | null
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, code: HttpErrorCode, message: string, { place, help, headers = {} }: Details = {}) {
    super(message)
    this.status = status
    this.statusCode = status
    this.code = code
    this.place = place ?? null
    this.help = help ?? null
    this.headers = headers
  }
}
