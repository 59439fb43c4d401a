import { crc32 } from 'node:zlib'

/** CRC-32 of the texts of a row, one after the other. */
export function sumOf(...texts: readonly (string | null)[]): number {
  let sum = 0
  for (const text of texts) if (text !== null) sum = crc32(text, sum)
  return sum
}
