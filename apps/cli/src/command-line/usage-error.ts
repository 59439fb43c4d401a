/** A command line that says nothing that can be done: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
