import { Float, isList, type Value, type ValueMap } from '../value/value.ts'

/** What an expression can hold: values of the state, and what its own literals and functions make. */
export type Py = Value | PyList | PyDict | RawMapping | Opaque

/** A list or tuple that an expression made, or a list reached through `steps` (`isRaw`: so are its elements). */
export class PyList {
  readonly items: readonly Py[]
  readonly isTuple: boolean
  readonly isRaw: boolean
  constructor(items: readonly Py[], kind: 'list' | 'tuple' | 'raw') {
    this.items = items
    this.isTuple = kind === 'tuple'
    this.isRaw = kind === 'raw'
  }
}

/** A mapping reached through `steps`: unlike one reached through `state` it has methods. */
export class RawMapping {
  readonly map: ValueMap
  constructor(map: ValueMap) {
    this.map = map
  }
}

/** A mapping that an expression made. Entries by `hashKey` of their key, in the order of first insertion. */
export class PyDict {
  readonly entries: ReadonlyMap<string, readonly [Py, Py]>
  constructor(entries: ReadonlyMap<string, readonly [Py, Py]>) {
    this.entries = entries
  }
}

/** Something without a value of its own, such as a function: true, equal to itself alone. */
export class Opaque {
  readonly typeName: string
  readonly label: string
  constructor(typeName: string, label: string) {
    this.typeName = typeName
    this.label = label
  }
  get isTrue(): boolean {
    return true
  }
  equals(other: Py): boolean {
    return this === other
  }
}

/** The plain mapping behind a mapping of the state or of `steps`, else null. */
export function plainMapping(value: Py): ValueMap | null {
  if (value instanceof RawMapping) return value.map
  if (typeof value !== 'object' || value === null || isList(value)) return null
  return value instanceof Float || value instanceof PyList || value instanceof PyDict || value instanceof Opaque
    ? null
    : value
}

/** The name that Python's messages use. */
export function typeName(value: Py): string {
  if (value === null) return 'NoneType'
  if (typeof value === 'string') return 'str'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  if (value instanceof Float) return 'float'
  if (value instanceof Opaque) return value.typeName
  if (value instanceof PyList && value.isTuple) return 'tuple'
  return isList(value) || value instanceof PyList ? 'list' : 'dict'
}
