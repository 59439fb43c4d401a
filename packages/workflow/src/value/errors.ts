import { AgentloomError } from '../errors.ts'

/** Text that is no JSON of ours, or a value that JSON cannot hold. */
export class ValueError extends AgentloomError {
  override readonly name = 'ValueError'
  readonly code: 'value/syntax' | 'value/depth' | 'value/forbidden-key' | 'value/not-json'
  readonly retryable = false

  constructor(code: ValueError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** Users' code gave back something that cannot be kept. Final: the same code gives the same again. */
export class ResultError extends AgentloomError {
  override readonly name = 'ResultError'
  readonly code:
    | 'result/not-json'
    | 'result/cyclic'
    | 'result/too-large'
    | 'result/depth'
    | 'result/character'
    | 'result/forbidden-key'
  readonly retryable = false
  /** JSON path from the result: `$.a[0]`. */
  override readonly place: string
  override readonly help: string | null

  constructor(code: ResultError['code'], message: string, at: { path: string; help?: string }) {
    super(message)
    this.code = code
    this.place = at.path
    this.help = at.help ?? null
  }
}
