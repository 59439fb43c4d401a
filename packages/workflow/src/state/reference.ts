/** A place of the state that a template, an expression or an argument reads. */
export interface Reference {
  /**
   * Keys from the root of the state, list indexes dropped: `['steps', 'a', 'output']`.
   * Null where the text reads the whole state, or something that cannot be told before it runs.
   */
  readonly path: readonly string[] | null
  /** Where it stands in the text, in UTF-16 units. */
  readonly offset: number
  readonly length: number
}
