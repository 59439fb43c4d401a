import { Fault } from '../errors.ts'
import { ATTACHMENT_BYTES_MAX, tooLarge } from './limits.ts'

/** Shorter texts are taken for names of files. */
const BASE64_CHARACTERS_MIN = 65
const DATA_URL = /^data:([^;,]*)(?:;[^;,]*)*?;base64$/i

/** The parts of `data:<type>;base64,<data>`; null where it is no such address. @throws {Fault} it is one, and not base64 */
export function dataUrlOf(source: string): { readonly mediaType: string | null; readonly data: string } | null {
  if (!/^data:/i.test(source)) return null
  const comma = source.indexOf(',')
  const head = comma === -1 || comma > HEAD_CHARACTERS_MAX ? null : DATA_URL.exec(source.slice(0, comma))
  const data = source.slice(comma + 1)
  if (head === null || !isBase64(data))
    throw new Fault("a 'data:' source must be data:<media type>;base64,<data>", { retryable: false })
  checkSize(data)
  const mediaType = head[1] ?? ''
  return { mediaType: mediaType === '' ? null : mediaType.toLowerCase(), data }
}

/** The source itself, if it is long and strict base64; null if it is to be read as a path. */
export function base64Of(source: string): string | null {
  if (source.length < BASE64_CHARACTERS_MIN || /^[/~.]/.test(source) || source.includes('\\')) return null
  if (!isBase64(source)) return null
  checkSize(source)
  return source
}

/** Of a media type and its parameters. */
const HEAD_CHARACTERS_MAX = 256

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}

function checkSize(data: string): void {
  const byteCount = (data.length / 4) * 3
  if (byteCount > ATTACHMENT_BYTES_MAX + 2) throw tooLarge('data', byteCount)
}
