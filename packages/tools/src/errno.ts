import { getSystemErrorMessage } from 'node:util'
import { Fault } from './errors.ts'

export function errnoCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

/** `[Errno 2] No such file or directory`, the form that workflows of the Python engine know. */
export function errnoText(error: unknown): string | null {
  if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') return null
  const text = getSystemErrorMessage(error.errno)
  return `[Errno ${-error.errno}] ${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

/** An operating system's refusal as a fault that may pass; anything else as it came. */
export function asFileFault(error: unknown, shownPath: string): unknown {
  const text = errnoText(error)
  return text === null ? error : new Fault(`${text}: '${shownPath}'`, { retryable: true, cause: error })
}
