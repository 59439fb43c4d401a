import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress, type ZlibOptions } from 'node:zlib'
import { errnoCode } from '../errno.ts'
import { Fault } from '../errors.ts'

/** On the wire and unpacked alike; as much as a step's result may weigh, since more would be refused later anyway. */
export const BODY_BYTES_MAX = 10 * 1024 * 1024
/** `gzip, gzip` has been seen; more is an attack. */
const CODINGS_MAX = 3

type Decompress = (packed: Buffer, options: ZlibOptions) => Promise<Buffer>

const zlibInflate = promisify<Buffer, ZlibOptions, Buffer>(inflate)
const rawInflate = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw)
/** `deflate` means the zlib format, and many servers send the bare one. The first byte tells. */
const deflate: Decompress = (packed, options) =>
  ((packed[0] ?? 0) & 0x0f) === 8 ? zlibInflate(packed, options) : rawInflate(packed, options)

const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map([
  ['gzip', promisify<Buffer, ZlibOptions, Buffer>(gunzip)],
  ['x-gzip', promisify<Buffer, ZlibOptions, Buffer>(gunzip)],
  ['deflate', deflate],
  ['br', (packed, { maxOutputLength }) => promisify(brotliDecompress)(packed, { maxOutputLength })],
  ['zstd', (packed, { maxOutputLength }) => promisify(zstdDecompress)(packed, { maxOutputLength })],
])

export const ACCEPTED_CODINGS = 'gzip, deflate, br, zstd'

export async function readBody(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let byteCount = 0
  for await (const chunk of stream) {
    byteCount += chunk.length
    if (byteCount > BODY_BYTES_MAX) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Unpacks by `content-encoding`, never beyond the limit. An unknown coding is left as it is. */
export async function unpack(body: Buffer, contentEncoding: string): Promise<Buffer> {
  if (body.length === 0) return body // HEAD, 204, 304
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
  if (codings.length > CODINGS_MAX) throw new Fault('response body is packed too many times', { retryable: false })
  let unpacked = body
  for (const coding of codings.toReversed()) {
    const decompress = DECOMPRESS.get(coding)
    if (decompress === undefined) return unpacked
    unpacked = await decompress(unpacked, { maxOutputLength: BODY_BYTES_MAX }).catch((error: unknown) => {
      if (errnoCode(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
      throw new Fault(`response body is not valid ${coding}`, { retryable: true, cause: error })
    })
  }
  return unpacked
}

/** By the charset of the content type, else UTF-8; undecodable bytes are replaced. */
export function bodyText(body: Buffer, contentType: string): string {
  const charset = /charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset, { ignoreBOM: true }).decode(body)
  } catch {
    return body.toString('utf8') // a charset that nobody knows
  }
}

function tooLarge(): Fault {
  return new Fault(`response body exceeds the limit of ${BODY_BYTES_MAX} bytes`, { retryable: false })
}
