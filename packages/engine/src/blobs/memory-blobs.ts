import type { Blob, BlobStore } from '../ports/blobs.ts'

interface Owned {
  readonly texts: Map<string, string>
  touchedAtMs: number
}

/** Blobs in memory: the model of every store, and the tests' double. */
export class MemoryBlobs implements BlobStore {
  readonly #owners = new Map<string, Owned>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  get owners(): readonly string[] {
    return [...this.#owners.keys()]
  }

  async put(owner: string, blobs: readonly Blob[]): Promise<void> {
    const owned = this.#owners.get(owner) ?? { texts: new Map<string, string>(), touchedAtMs: 0 }
    this.#owners.set(owner, owned)
    owned.touchedAtMs = this.#now()
    for (const { hash, text } of blobs) owned.texts.set(hash, text)
  }

  async get(owner: string, hashes: readonly string[]): Promise<readonly (string | null)[]> {
    const texts = this.#owners.get(owner)?.texts
    return hashes.map((hash) => texts?.get(hash) ?? null)
  }

  async remove(owner: string): Promise<void> {
    this.#owners.delete(owner)
  }

  async idleOwners(sinceMs: number, limit: number): Promise<readonly string[]> {
    return [...this.#owners]
      .flatMap(([owner, { touchedAtMs }]) => (touchedAtMs + sinceMs <= this.#now() ? [owner] : []))
      .slice(0, limit)
  }

  async removeIdle(owner: string, sinceMs: number): Promise<void> {
    const owned = this.#owners.get(owner)
    if (owned !== undefined && owned.touchedAtMs + sinceMs <= this.#now()) this.#owners.delete(owner)
  }

  async keep(owner: string): Promise<void> {
    const owned = this.#owners.get(owner)
    if (owned !== undefined) owned.touchedAtMs = this.#now()
  }
}
