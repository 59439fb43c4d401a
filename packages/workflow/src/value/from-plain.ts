import { ResultError } from './errors.ts'
import { jsonTextBytes } from './json-bytes.ts'
import type { Value } from './value.ts'

export interface ResultLimits {
  /** Of the JSON text, in UTF-8 bytes. */
  readonly bytesMax: number
  /** Levels of lists and mappings. */
  readonly depthMax: number
}

/** 10 MiB is what one record may weigh on its way through a journal; 200 levels are far below what a JSON writer survives. */
export const RESULT_LIMITS: ResultLimits = { bytesMax: 10 * 1024 * 1024, depthMax: 200 }

/**
 * Checks and copies what users' code gave back. Whole numbers become ints, `undefined` becomes null, or is left out inside
 * mappings. Nothing of the original is kept; getters are read once, `toJSON` is never called.
 * @throws {ResultError} with the JSON path of the first thing that cannot be kept
 */
export function fromPlain(plain: unknown, limits: ResultLimits = RESULT_LIMITS): Value {
  return plain === undefined ? null : new Copier(limits).copy(plain, '$', 0)
}

class Copier {
  readonly #limits: ResultLimits
  /** Lists and mappings on the way down, with their paths. */
  readonly #ancestors = new Map<object, string>()
  #bytes = 0

  constructor(limits: ResultLimits) {
    this.#limits = limits
  }

  copy(plain: unknown, path: string, depth: number): Value {
    switch (typeof plain) {
      case 'string':
        return this.#text(plain, path)
      case 'number':
        return this.#number(plain, path)
      case 'boolean':
        this.#spend(plain ? 4 : 5, path)
        return plain
      case 'bigint':
        throw notJson('a bigint', path, 'give back a number or a text')
      case 'object':
        if (plain !== null) return this.#nested(plain, path, depth)
        this.#spend(4, path)
        return null
      default:
        throw notJson(typeof plain === 'undefined' ? 'undefined' : `a ${typeof plain}`, path)
    }
  }

  #text(text: string, path: string): string {
    this.#checkText(text, path)
    return text
  }

  #checkText(text: string, path: string): void {
    // The length alone is a lower bound: a text of gigabytes is not read.
    if (text.length > this.#limits.bytesMax - this.#bytes) throw this.#tooLarge(path)
    if (!text.isWellFormed())
      throw new ResultError('result/character', `half of a surrogate pair at ${path}`, {
        path,
        help: 'such text has no UTF-8 form',
      })
    this.#spend(jsonTextBytes(text), path)
  }

  #number(number: number, path: string): Value {
    if (!Number.isFinite(number)) throw notJson(String(number), path, 'JSON has neither nan nor infinity')
    const value = Number.isInteger(number) && !Number.isSafeInteger(number) ? BigInt(number) : number + 0
    this.#spend(String(value).length, path)
    return value
  }

  #nested(plain: object, path: string, depth: number): Value {
    const seenAt = this.#ancestors.get(plain)
    if (seenAt !== undefined) throw new ResultError('result/cyclic', `${path} leads back to ${seenAt}`, { path })
    if (depth >= this.#limits.depthMax) {
      throw new ResultError('result/depth', `more than ${this.#limits.depthMax} levels of lists and mappings`, { path })
    }
    this.#spend(2, path)
    this.#ancestors.set(plain, path)
    const copied = isArray(plain, path) ? this.#list(plain, path, depth) : this.#mapping(plain, path, depth)
    this.#ancestors.delete(plain)
    return copied
  }

  #list(list: readonly unknown[], path: string, depth: number): Value {
    const length = read(() => list.length, path)
    // One byte an element and the commas between: an array with a huge length ends here.
    if (length * 2 - 1 > this.#limits.bytesMax - this.#bytes) throw this.#tooLarge(path)
    const copied: Value[] = []
    for (let index = 0; index < length; index++) {
      const place = `${path}[${index}]`
      if (index > 0) this.#spend(1, place)
      const isHole = read(() => !Object.hasOwn(list, index), place)
      if (isHole) throw notJson('a hole in an array', place)
      copied.push(
        this.copy(
          read(() => list[index], place),
          place,
          depth + 1,
        ),
      )
    }
    return copied
  }

  #mapping(mapping: object, path: string, depth: number): Value {
    checkClass(mapping, path)
    const copied: Record<string, Value> = {}
    let isFirst = true
    for (const key of read(() => Object.keys(mapping), path)) {
      const place = memberPath(path, key)
      if (key === '__proto__')
        throw new ResultError('result/forbidden-key', 'the key __proto__ is not allowed', { path: place })
      const item: unknown = read(() => Reflect.get(mapping, key), place)
      // A key that is left out still costs time.
      this.#spend(isFirst || item === undefined ? 1 : 2, place)
      if (item === undefined) continue
      isFirst = false
      this.#checkText(key, place)
      copied[key] = this.copy(item, place, depth + 1)
    }
    return copied
  }

  #spend(bytes: number, path: string): void {
    this.#bytes += bytes
    if (this.#bytes > this.#limits.bytesMax) throw this.#tooLarge(path)
  }

  #tooLarge(path: string): ResultError {
    return new ResultError('result/too-large', `more than ${this.#limits.bytesMax} bytes of JSON, reached at ${path}`, {
      path,
    })
  }
}

/** Users' getters and proxies may throw anything. */
function read<T>(access: () => T, path: string): T {
  try {
    return access()
  } catch {
    throw notJson('something that throws when it is read', path)
  }
}

function isArray(plain: object, path: string): plain is readonly unknown[] {
  return read(() => Array.isArray(plain), path)
}

/** Plain objects of any realm: no prototype, or one that has none itself. */
function checkClass(mapping: object, path: string): void {
  const name = read((): string | null => {
    const prototype: unknown = Object.getPrototypeOf(mapping)
    if (prototype === null || Object.getPrototypeOf(prototype) === null) return null
    const { constructor } = mapping
    return typeof constructor === 'function' && typeof constructor.name === 'string'
      ? constructor.name.slice(0, 80)
      : 'an unknown class'
  }, path)
  if (name === null) return
  const isBinary = read(() => ArrayBuffer.isView(mapping) || mapping instanceof ArrayBuffer, path)
  throw notJson(
    `an object of class ${name}`,
    path,
    isBinary ? 'bytes do not belong into a result: write a file and give back its path' : undefined,
  )
}

function notJson(what: string, path: string, help?: string): ResultError {
  return new ResultError(
    'result/not-json',
    `${what} at ${path} is no JSON value`,
    help === undefined ? { path } : { path, help },
  )
}

function memberPath(path: string, key: string): string {
  const shown = key.length > 80 ? `${key.slice(0, 80)}…` : key
  return /^[A-Za-z_]\w*$/.test(shown) ? `${path}.${shown}` : `${path}[${JSON.stringify(shown)}]`
}
