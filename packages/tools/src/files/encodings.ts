import { isUtf8 } from 'node:buffer'
import { Fault } from '../errors.ts'

/** Strict in both directions: what cannot be represented is a fault, never a question mark. */
export interface Codec {
  decode(bytes: Buffer): string
  encode(text: string): Buffer
}

/** What else Python calls them, normalised. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ...['utf8', 'u8', 'utf'].map((name) => [name, 'utf-8'] as const),
  ['utf8-sig', 'utf-8-sig'],
  ...['latin1', 'latin', 'l1', 'iso-8859-1', 'iso8859-1', 'cp819', '8859'].map((name) => [name, 'latin-1'] as const),
  ...['us-ascii', '646'].map((name) => [name, 'ascii'] as const),
  ...['utf16', 'u16'].map((name) => [name, 'utf-16'] as const),
  ...['utf16le', 'utf-16le'].map((name) => [name, 'utf-16-le'] as const),
  ...['utf16be', 'utf-16be'].map((name) => [name, 'utf-16-be'] as const),
])

/** Python's name of a one-byte encoding, normalised → the name that TextDecoder knows. */
const ONE_BYTE =
  /^(?:(?:cp|windows-)(125[0-8])|iso-?8859-(2|3|4|5|6|7|8|10|13|14|15|16)|koi8-(r|u)|(cp866|ibm866)|(mac-?roman))$/

/** @throws {Fault} `unknown encoding: …` */
export function codecOf(name: string): Codec {
  const lower = name.toLowerCase().replace(/[_ ]/g, '-')
  const known = ALIASES.get(lower) ?? lower
  switch (known) {
    case 'utf-8':
      return utf8
    case 'utf-8-sig':
      return {
        decode: (bytes) => utf8.decode(bytes).replace(/^\ufeff/, ''),
        encode: (text) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), utf8.encode(text)]),
      }
    case 'latin-1':
      return oneByte(
        'latin-1',
        Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)),
      )
    case 'ascii':
      return oneByte(
        'ascii',
        Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
      )
    case 'utf-16':
      return utf16
    case 'utf-16-le':
      return utf16le
    case 'utf-16-be':
      return utf16be
  }
  const label = oneByteLabel(known)
  if (label === null)
    throw new Fault(`unknown encoding: ${name.slice(0, 100)}`, {
      retryable: false,
      help: 'known are utf-8, utf-8-sig, utf-16 (-le, -be), ascii, latin-1, iso-8859-N, cp125N, cp866, koi8-r, koi8-u, mac-roman',
    })
  return oneByte(known, new TextDecoder(label).decode(ALL_BYTES).split(''))
}

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, code) => code)

function oneByteLabel(name: string): string | null {
  const match = ONE_BYTE.exec(name)
  if (match === null) return null
  const [, windows, iso, koi, ibm] = match
  if (windows !== undefined) return `windows-${windows}`
  if (iso !== undefined) return `iso-8859-${iso}`
  if (koi !== undefined) return `koi8-${koi}`
  return ibm === undefined ? 'macintosh' : 'ibm866'
}

const utf8: Codec = {
  decode(bytes) {
    if (isUtf8(bytes)) return bytes.toString('utf8')
    // What was replaced is longer than what stood there, so the first difference is where the fault begins.
    const mended = Buffer.from(bytes.toString('utf8'))
    const at = bytes.findIndex((byte, index) => byte !== mended[index])
    throw undecodable('utf-8', bytes, Math.max(at, 0))
  },
  encode(text) {
    if (!text.isWellFormed()) throw loneSurrogate('utf-8', text)
    return Buffer.from(text, 'utf8')
  },
}

const utf16le: Codec = {
  decode: (bytes) => decodeUtf16('utf-16le', bytes),
  encode(text) {
    if (!text.isWellFormed()) throw loneSurrogate('utf-16', text)
    return Buffer.from(text, 'utf16le')
  },
}

const utf16be: Codec = {
  decode: (bytes) => decodeUtf16('utf-16be', bytes),
  encode: (text) => utf16le.encode(text).swap16(),
}

/** With a mark of the byte order; without one, little-endian. */
const utf16: Codec = {
  decode(bytes) {
    if (bytes[0] === 0xfe && bytes[1] === 0xff) return utf16be.decode(bytes.subarray(2))
    return utf16le.decode(bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.subarray(2) : bytes)
  },
  encode: (text) => utf16le.encode(`\ufeff${text}`),
}

function decodeUtf16(label: string, bytes: Buffer): string {
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new Fault(`'utf-16' codec can't decode the file's bytes: not UTF-16`, { retryable: false, cause: error })
  }
}

/** @param characters of each byte; bytes beyond the end, and those that stand for U+FFFD, mean nothing */
function oneByte(name: string, characters: readonly string[]): Codec {
  const bytesOf = new Map(characters.map((character, code) => [character, code]))
  bytesOf.delete('\ufffd')
  return {
    decode(bytes) {
      const at = bytes.findIndex((byte) => !bytesOf.has(characters[byte] ?? '\ufffd'))
      if (at !== -1) throw undecodable(name, bytes, at)
      if (name === 'latin-1' || name === 'ascii') return bytes.toString('latin1')
      return Array.from(bytes, (byte) => characters[byte]).join('')
    },
    encode(text) {
      const bytes = Buffer.alloc(text.length)
      let length = 0
      for (const character of text) {
        const byte = bytesOf.get(character)
        if (byte === undefined)
          throw new Fault(
            `'${name}' codec can't encode character '${escaped(character)}' in position ${length}: not in this encoding`,
            { retryable: false },
          )
        bytes[length++] = byte
      }
      return bytes.subarray(0, length)
    },
  }
}

function undecodable(name: string, bytes: Buffer, at: number): Fault {
  const byte = (bytes[at] ?? 0).toString(16).padStart(2, '0')
  return new Fault(`'${name}' codec can't decode byte 0x${byte} in position ${at}`, {
    retryable: false,
    help: 'name the encoding of the file, for example encoding: latin-1',
  })
}

function loneSurrogate(name: string, text: string): Fault {
  const at = Array.from(text).findIndex((character) => !character.isWellFormed())
  return new Fault(`'${name}' codec can't encode a lone surrogate in position ${at}: surrogates not allowed`, {
    retryable: false,
  })
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}
