/** A text under the hash of its content. */
export interface Blob {
  /** SHA-256 of the UTF-8 bytes, 64 lower-case hex digits. */
  readonly hash: string
  readonly text: string
}

/**
 * Where large values of runs lie, outside of the journal. A blob belongs to its owner, the run at the top of a tree, and is gone
 * with it: the same content under two owners is two blobs, so that none is ever taken from a run by the end of another.
 * An owner's name is of `[A-Za-z0-9_-]{1,64}`. Anything that keeps texts under names can be one.
 */
export interface BlobStore {
  /** As durable as the journal when it resolves. Again is harmless. @throws {BlobStoreError} */
  put(owner: string, blobs: readonly Blob[]): Promise<void>
  /** In the order of the hashes; null where there is none. @throws {BlobStoreError} */
  get(owner: string, hashes: readonly string[]): Promise<readonly (string | null)[]>
  /** Forgets all of an owner's blobs. Idempotent. @throws {BlobStoreError} */
  remove(owner: string): Promise<void>
}
