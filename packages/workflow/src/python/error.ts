/** What Python would raise. Templates and expressions turn it into their own typed errors, with a place. */
export class PythonError extends Error {
  override readonly name = 'PythonError'
  /** `limit`: one of our own bounds, which Python does not have. */
  readonly kind: 'raised' | 'limit'
  constructor(message: string, kind: 'raised' | 'limit' = 'raised') {
    super(message)
    this.kind = kind
  }
}
