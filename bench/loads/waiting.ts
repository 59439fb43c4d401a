/** Runs whose end somebody of this process waits for. */
export class Waiting {
  readonly #open = new Map<number, () => void>()
  #last = 0

  next(): { readonly id: number; readonly ended: Promise<void> } {
    const id = (this.#last += 1)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#open.set(id, resolve)
    return { id, ended: promise }
  }

  done(id: number): void {
    this.#open.get(id)?.()
    this.#open.delete(id)
  }
}
