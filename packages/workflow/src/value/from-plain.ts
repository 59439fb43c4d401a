import { ResultError } from './errors.ts'
import { jsonTextBytes } from './json-bytes.ts'
import { Float, type Value } from './value.ts'

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
  if (plain === undefined) return null
  const copier = new Copier(limits)
  try {
    return copier.copy(plain)
  } catch (error) {
    if (error instanceof ResultError) throw error
    // Getters and proxies may throw anything.
    throw copier.notJson('something that throws when it is read')
  }
}

class Copier {
  readonly #limits: ResultLimits
  /** Keys and indexes on the way to the value at hand; made into a path only for an error. */
  readonly #trail: (string | number)[] = []
  /** Lists and mappings on the way, outermost first. */
  readonly #ancestors: object[] = []
  #bytes = 0

  constructor(limits: ResultLimits) {
    this.#limits = limits
  }

  copy(plain: unknown): Value {
    switch (typeof plain) {
      case 'string':
        this.#checkText(plain)
        return plain
      case 'number':
        return this.#number(plain)
      case 'boolean':
        this.#spend(plain ? 4 : 5)
        return plain
      case 'object':
        if (plain !== null) return this.#nested(plain)
        this.#spend(4)
        return null
      case 'bigint':
        throw this.notJson('a bigint', 'give back a number or a text')
      case 'undefined':
        throw this.notJson('undefined')
      default:
        throw this.notJson(`a ${typeof plain}`)
    }
  }

  notJson(what: string, help?: string): ResultError {
    const path = this.#path()
    return new ResultError(
      'result/not-json',
      `${what} at ${path} is no JSON value`,
      help === undefined ? { path } : { path, help },
    )
  }

  #checkText(text: string): void {
    // The length alone is a lower bound: a text of gigabytes is not read.
    if (text.length > this.#limits.bytesMax - this.#bytes) throw this.#tooLarge()
    if (!text.isWellFormed()) {
      const path = this.#path()
      throw new ResultError('result/character', `half of a surrogate pair at ${path}`, {
        path,
        help: 'such text has no UTF-8 form',
      })
    }
    this.#spend(jsonTextBytes(text))
  }

  #number(number: number): Value {
    if (!Number.isFinite(number)) throw this.notJson(String(number), 'JSON has neither nan nor infinity')
    const value = Number.isInteger(number) && !Number.isSafeInteger(number) ? BigInt(number) : number + 0
    this.#spend(String(value).length)
    return value
  }

  #nested(plain: object): Value {
    if (plain instanceof Float) {
      this.#spend(`${plain.value}.0`.length)
      return plain // the command line and our own programs tell 1.0 from 1
    }
    const seenAt = this.#ancestors.indexOf(plain)
    if (seenAt !== -1) {
      const path = this.#path()
      throw new ResultError('result/cyclic', `${path} leads back to ${pathText(this.#trail.slice(0, seenAt))}`, {
        path,
      })
    }
    if (this.#ancestors.length >= this.#limits.depthMax) {
      throw new ResultError('result/depth', `more than ${this.#limits.depthMax} levels of lists and mappings`, {
        path: this.#path(),
      })
    }
    this.#spend(2)
    this.#ancestors.push(plain)
    const copied = Array.isArray(plain) ? this.#list(plain) : this.#mapping(plain)
    this.#ancestors.pop()
    return copied
  }

  #list(list: readonly unknown[]): Value {
    const { length } = list
    // One byte an element and the commas between: an array with a huge length ends here.
    if (length * 2 - 1 > this.#limits.bytesMax - this.#bytes) throw this.#tooLarge()
    const copied: Value[] = []
    for (let index = 0; index < length; index++) {
      this.#trail.push(index)
      if (index > 0) this.#spend(1)
      if (!Object.hasOwn(list, index)) throw this.notJson('a hole in an array')
      copied.push(this.copy(list[index]))
      this.#trail.pop()
    }
    return copied
  }

  #mapping(mapping: object): Value {
    this.#checkClass(mapping)
    const copied: Record<string, Value> = {}
    let isFirst = true
    for (const key of Object.keys(mapping)) {
      this.#trail.push(key)
      if (key === '__proto__')
        throw new ResultError('result/forbidden-key', 'the key __proto__ is not allowed', { path: this.#path() })
      const item: unknown = Reflect.get(mapping, key)
      if (item !== undefined) {
        this.#spend(isFirst ? 1 : 2)
        isFirst = false
        this.#checkText(key)
        copied[key] = this.copy(item)
      }
      this.#trail.pop()
    }
    return copied
  }

  /** Plain objects of any realm: no prototype, or one that has none itself. */
  #checkClass(mapping: object): void {
    const prototype: unknown = Object.getPrototypeOf(mapping)
    if (prototype === null || Object.getPrototypeOf(prototype) === null) return
    const { constructor } = mapping
    const name =
      typeof constructor === 'function' && typeof constructor.name === 'string'
        ? constructor.name.slice(0, 80)
        : 'unknown'
    const isBinary = ArrayBuffer.isView(mapping) || mapping instanceof ArrayBuffer
    throw this.notJson(
      `an object of class ${name}`,
      isBinary ? 'bytes do not belong into a result: write a file and give back its path' : undefined,
    )
  }

  #spend(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > this.#limits.bytesMax) throw this.#tooLarge()
  }

  #tooLarge(): ResultError {
    const path = this.#path()
    return new ResultError('result/too-large', `more than ${this.#limits.bytesMax} bytes of JSON, reached at ${path}`, {
      path,
    })
  }

  #path(): string {
    return pathText(this.#trail)
  }
}

function pathText(trail: readonly (string | number)[]): string {
  return `$${trail.map(segmentText).join('')}`
}

function segmentText(segment: string | number): string {
  if (typeof segment === 'number') return `[${segment}]`
  const shown = segment.length > 80 ? `${segment.slice(0, 80)}…` : segment
  return /^[A-Za-z_]\w*$/.test(shown) ? `.${shown}` : `[${JSON.stringify(shown)}]`
}
