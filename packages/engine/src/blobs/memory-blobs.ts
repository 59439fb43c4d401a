import type { Blob, BlobStore } from '../ports/blobs.ts'

/** Blobs in memory: the model of every store, and the tests' double. */
export class MemoryBlobs implements BlobStore {
  readonly #owners = new Map<string, Map<string, string>>()

  get owners(): readonly string[] {
    return [...this.#owners.keys()]
  }

  async put(owner: string, blobs: readonly Blob[]): Promise<void> {
    const texts = this.#owners.get(owner) ?? new Map<string, string>()
    this.#owners.set(owner, texts)
    for (const { hash, text } of blobs) texts.set(hash, text)
  }

  async get(owner: string, hashes: readonly string[]): Promise<readonly (string | null)[]> {
    return hashes.map((hash) => this.#owners.get(owner)?.get(hash) ?? null)
  }

  async remove(owner: string): Promise<void> {
    this.#owners.delete(owner)
  }
}
