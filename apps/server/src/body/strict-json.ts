// JSON of strangers. `JSON.parse` reads what nobody can have meant: of two equal keys the last, of a number too long its
// neighbour, `__proto__` as a key, and any depth. So the text is walked once more, and such a body is refused with its place.

import { HttpError, type HttpErrorCode } from '../http/errors.ts'

/** Levels of lists and mappings: no input needs a hundred, and ten thousand break whoever writes them again. */
const DEPTH_MAX = 100
/** Characters of a path that an error repeats. */
const PATH_MAX = 200

const QUOTE = 0x22
const BACKSLASH = 0x5c

interface Level {
  /** Null in a list. */
  readonly keys: Set<string> | null
  /** Key or index of the item at hand. */
  at: string | number
}

/**
 * A body's value. @throws {HttpError} 400 `http/json`, `http/depth`, `http/duplicate-key`, `http/forbidden-key`, `http/character`,
 * `http/number-not-exact`, each with the place
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes)
  const value = parse(text)
  new Walk(text).check()
  return value
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new HttpError(400, 'http/character', 'the body is not UTF-8', { place: '$' })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = text.trim() === '' ? 'it is empty' : error instanceof Error ? error.message : String(error)
    throw new HttpError(400, 'http/json', `the body is not JSON: ${reason}`, { place: '$' })
  }
}

/** Goes through a text that is known to be JSON. */
class Walk {
  readonly #text: string
  readonly #levels: Level[] = []

  constructor(text: string) {
    this.#text = text
  }

  check(): void {
    const text = this.#text
    for (let at = 0; at < text.length;) {
      switch (text[at]) {
        case '{':
        case '[':
          this.#open(text[at] === '{')
          at++
          break
        case '}':
        case ']':
          this.#levels.pop()
          at++
          break
        case ',':
          this.#nextItem()
          at++
          break
        case '"':
          at = this.#string(at)
          break
        case ' ':
        case '\n':
        case '\r':
        case '\t':
        case ':':
          at++
          break
        default:
          at = this.#word(at)
      }
    }
  }

  #open(isMapping: boolean): void {
    if (this.#levels.length === DEPTH_MAX) throw this.#error('http/depth', `nested deeper than ${DEPTH_MAX} levels`)
    this.#levels.push(isMapping ? { keys: new Set(), at: '' } : { keys: null, at: 0 })
  }

  #nextItem(): void {
    const level = this.#levels.at(-1)
    if (level !== undefined && typeof level.at === 'number') level.at++
  }

  #string(start: number): number {
    const text = this.#text
    let end = start + 1
    let hasEscapes = false
    for (; text.charCodeAt(end) !== QUOTE; end++) {
      if (text.charCodeAt(end) !== BACKSLASH) continue
      hasEscapes = true
      end++
    }
    end++
    const isKey =
      this.#levels.at(-1)?.keys != null &&
      /^\s*:/.test(text.slice(end, end + 1) === ':' ? ':' : text.slice(end, end + 1_000))
    if (!isKey && !hasEscapes) return end
    const value: unknown = JSON.parse(text.slice(start, end))
    if (typeof value !== 'string') throw new Error('a quoted text is a string')
    if (isKey) this.#key(value)
    if (!value.isWellFormed()) throw this.#error('http/character', 'a half of a surrogate pair')
    return end
  }

  #key(key: string): void {
    const level = this.#levels.at(-1)
    if (level?.keys == null) return
    const above = this.#levels.at(-2)
    const isForbidden = key === '__proto__' || (key === 'prototype' && above?.at === 'constructor')
    level.at = key
    if (isForbidden) throw this.#error('http/forbidden-key', `the key ${key} is not taken`)
    if (level.keys.has(key)) throw this.#error('http/duplicate-key', 'the key is given twice')
    level.keys.add(key)
  }

  /** A number, true, false or null. */
  #word(start: number): number {
    const text = this.#text
    let end = start
    while (end < text.length && !/[\s,\]}]/.test(text[end] ?? '')) end++
    const word = text.slice(start, end)
    if (/^[-\d]/.test(word) && !isExact(word))
      throw this.#error('http/number-not-exact', 'a number that would be changed; send it as text')
    return end
  }

  #error(code: HttpErrorCode, message: string): HttpError {
    const path = ['$', ...this.#levels.map(({ at }) => at)].join('.').slice(0, PATH_MAX)
    return new HttpError(400, code, `${path}: ${message}`, { place: path })
  }
}

/** Whether a double holds it: whole numbers exactly, others within range. */
function isExact(word: string): boolean {
  const value = Number(word)
  if (/^-?\d+$/.test(word)) return Number.isSafeInteger(value)
  return Number.isFinite(value) && (value !== 0 || /^-?[0.]+(?:[eE]|$)/.test(word))
}
