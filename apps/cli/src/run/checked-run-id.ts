import { UsageError } from '../command-line/usage-error.ts'
import { printable } from '../terminal/printable.ts'

/** A run id as users may give it; a dot means a child's. @throws {UsageError} */
export function checkedRunId(text: string): string {
  if (/^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_~.-]{1,256})?$/.test(text)) return text
  throw new UsageError(`Invalid run id '${printable(text, 80)}': use 1 to 64 of A–Z, a–z, 0–9, _ and -.`)
}
