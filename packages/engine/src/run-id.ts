import { randomBytes } from 'node:crypto'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567' // RFC 4648, as decisions.md says: base 32, lower case
const LENGTH = 16

/** 80 random bits: two of a billion runs are alike once in a million. */
export function newRunId(): string {
  let id = ''
  for (const byte of randomBytes(LENGTH)) id += LETTERS[byte & 31]
  return id
}
