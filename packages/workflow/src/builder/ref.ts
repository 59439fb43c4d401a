import { BuilderError } from './errors.ts'

declare const VALUE: unique symbol

/** What every reference has: a type, and nothing that could be looked at. */
export interface RefTo<T> {
  readonly [VALUE]: T
}

/**
 * What a step will give, or what a run starts with: a name to be used in prompts, arguments and conditions while the
 * workflow is defined. Fields of it are references too. There is no value behind it yet.
 */
export type Ref<T> = RefTo<T> & Fields<T>

type Scalar = string | number | bigint | boolean | null | undefined
type Fields<T> = unknown extends T
  ? unknown
  : T extends Scalar
    ? unknown
    : T extends readonly (infer Item)[]
      ? { readonly [index: number]: Ref<Item> }
      : { readonly [Key in keyof T & string]-?: Ref<T[Key]> }

/** Any reference, whatever its type. */
export type AnyRef = RefTo<unknown>

/** The type behind a reference. */
export type Referred<R> = R extends RefTo<infer T> ? T : never

/** What a reference names: a step's output or a key of the initial state, and a path inside. */
export interface Named {
  readonly stepId: string | null
  readonly path: readonly (string | number)[]
}

const names = new WeakMap<object, Named>()

/** What the value names, or null if it is no reference. */
export function namedBy(value: unknown): Named | null {
  return typeof value === 'object' && value !== null ? (names.get(value) ?? null) : null
}

/** The one place that gives references their type. */
export function makeRef<T>(named: Named): Ref<T> {
  const ref = new Proxy(Object.create(null) as object, {
    get: (_target, key) => fieldOf(named, key),
    has: () => false,
    set: () => {
      throw new BuilderError('a reference cannot be written', { step: named.stepId })
    },
  })
  names.set(ref, named)
  return ref as Ref<T>
}

function fieldOf(named: Named, key: string | symbol): unknown {
  if (key === Symbol.toPrimitive || key === 'toString' || key === 'valueOf') {
    throw new BuilderError('a reference has no value while the workflow is defined', {
      step: named.stepId,
      help: 'write text`…` before the template literal, and eq(), and() … for conditions',
    })
  }
  // Promises, JSON and consoles look for these; no reference is one of them.
  if (typeof key === 'symbol' || key === 'then' || key === 'toJSON') return undefined
  const part = /^(?:0|[1-9]\d{0,6})$/.test(key) ? Number(key) : key
  return makeRef({ stepId: named.stepId, path: [...named.path, part] })
}
