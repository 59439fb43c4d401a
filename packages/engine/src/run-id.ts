import { randomBytes } from 'node:crypto'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567' // RFC 4648, as decisions.md says: base 32, lower case
const LENGTH = 16

/** Drawn for 256 ids at once: a system call for each costs as much as a short step. */
const POOL_BYTES = 256 * LENGTH
let pool: Buffer = Buffer.alloc(0)
let used = 0

/** 80 random bits: two of a billion runs are alike once in a million. */
export function newRunId(): string {
  if (used === pool.length) {
    pool = randomBytes(POOL_BYTES)
    used = 0
  }
  let id = ''
  for (const byte of pool.subarray(used, used + LENGTH)) id += LETTERS[byte & 31]
  used += LENGTH
  return id
}
