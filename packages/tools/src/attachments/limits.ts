import { Fault } from '../errors.ts'

const MEBIBYTE = 1024 * 1024
/** Of one attachment; what the vendors take at most. */
export const ATTACHMENT_BYTES_MAX = 20 * MEBIBYTE

export function tooLarge(what: string, byteCount: number): Fault {
  const size = (byteCount / MEBIBYTE).toFixed(1)
  return new Fault(`Attachment ${what} is ${size} MB, exceeds limit of 20 MB`, { retryable: false })
}
