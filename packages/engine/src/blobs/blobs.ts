import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { BlobStore } from '../ports/blobs.ts'
import { BlobMissingError, BlobStoreError } from './errors.ts'
import { isReference, ownerOf, parseReference, referenceText } from './reference.ts'

/** Texts above it are blobs: below, a second place to look costs more than the journal's copying of them. */
export const BLOB_CHARACTERS_MIN = 32 * 1024
/** Above it a hash is made off the event loop: half a millisecond. */
const HASHED_HERE_MAX = 256 * 1024
/** Of one reply of the store: more would hold up everybody else's. */
const READ_AT_ONCE_CHARACTERS = 4 * 1024 * 1024
/** What a process remembers: steps mostly read what a neighbour has just written. */
const REMEMBERED_CHARACTERS = 32 * 1024 * 1024

/** Large texts to references and back, with a memory of the last ones. */
export class Blobs {
  readonly #store: BlobStore
  readonly #charactersMin: number
  readonly #remembered = new LRUCache<string, string>({
    maxSize: REMEMBERED_CHARACTERS,
    sizeCalculation: (text) => text.length + 1,
  })

  /** @param charactersMin tests only */
  constructor(store: BlobStore, charactersMin: number = BLOB_CHARACTERS_MIN) {
    this.#store = store
    this.#charactersMin = charactersMin
  }

  /** The text, or what stands for it. A text that is small enough is answered as it is, at once. */
  shortened(runId: string, text: string): string | Promise<string> {
    return text.length <= this.#charactersMin ? text : this.#put(runId, text)
  }

  /** The texts, where some are references. @throws {BlobMissingError} @throws {BlobStoreError} */
  whole(runId: string, texts: readonly string[]): readonly string[] | Promise<readonly string[]> {
    return texts.some(isReference) ? this.#read(runId, texts) : texts
  }

  async #put(runId: string, text: string): Promise<string> {
    const hash = await hashOf(text)
    await this.#store.put(ownerOf(runId), [{ hash, text }])
    this.#remembered.set(hash, text)
    return referenceText({ hash, length: text.length })
  }

  async #read(runId: string, texts: readonly string[]): Promise<readonly string[]> {
    const references = texts.map(parseReference)
    const found = new Map<string, string>()
    const wanted = new Map<string, number>()
    for (const reference of references) {
      if (reference === null) continue
      const text = this.#remembered.get(reference.hash)
      if (text === undefined) wanted.set(reference.hash, reference.length)
      else found.set(reference.hash, text)
    }
    for (const hashes of batchesOf(wanted)) {
      const read = await this.#store.get(ownerOf(runId), hashes)
      for (const [at, hash] of hashes.entries()) {
        const text = read[at] ?? null
        if (text === null) throw new BlobMissingError(runId, hash)
        if ((await hashOf(text)) !== hash)
          throw new BlobStoreError(`of run ${runId}`, `sha256-${hash} has other content`)
        this.#remembered.set(hash, text)
        found.set(hash, text)
      }
    }
    return references.map((reference, at) => (reference === null ? texts[at] : found.get(reference.hash)) ?? '')
  }
}

/** Hashes whose texts are read together. */
function* batchesOf(wanted: ReadonlyMap<string, number>): Generator<readonly string[]> {
  let batch: string[] = []
  let size = 0
  for (const [hash, length] of wanted) {
    if (batch.length > 0 && size + length > READ_AT_ONCE_CHARACTERS) {
      yield batch
      batch = []
      size = 0
    }
    batch.push(hash)
    size += length
  }
  if (batch.length > 0) yield batch
}

async function hashOf(text: string): Promise<string> {
  if (text.length <= HASHED_HERE_MAX) return createHash('sha256').update(text).digest('hex')
  return Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toString('hex')
}
