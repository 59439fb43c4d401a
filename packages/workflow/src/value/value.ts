/**
 * A JSON value with Python's int and float kept apart.
 *
 * In memory an int is a JS number without fraction, beyond 2^53 a bigint; a float with a fraction is a JS number, a whole
 * float (`1.0`) is a {@link Float}. Handlers and tools get plain numbers instead, see `toPlain`.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Float
  | readonly Value[]
  | { readonly [key: string]: Value }

export type ValueMap = { readonly [key: string]: Value }

/** A float that has no fraction: prints as `1.0` where the int 1 prints as `1`. Also nan and the infinities. */
export class Float {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}
