// Values that expressions of the Python engine can write by accident. They can be compared and tested for truth, and no more.
import { Opaque, type Py } from './objects.ts'

/** What `...` means in Python. */
export const ELLIPSIS = new Opaque('ellipsis', 'Ellipsis')

/** `b'…'`; one character a byte. */
export class Bytes extends Opaque {
  readonly #content: string
  constructor(content: string) {
    super('bytes', 'bytes')
    this.#content = content
  }
  override get isTrue(): boolean {
    return this.#content !== ''
  }
  override equals(other: Py): boolean {
    return other instanceof Bytes && other.#content === this.#content
  }
}

/** `2j`. */
export class Complex extends Opaque {
  readonly #imaginary: number
  constructor(imaginary: number) {
    super('complex', 'complex')
    this.#imaginary = imaginary
  }
  override get isTrue(): boolean {
    return this.#imaginary !== 0
  }
  override equals(other: Py): boolean {
    return other instanceof Complex && other.#imaginary === this.#imaginary
  }
}
