import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BlobStoreError, type Blob, type BlobStore } from '@agentloom/engine'

/** Owners are spread over so many folders: some file systems are slow with folders of a million. */
const PREFIX_CHARACTERS = 2
const OWNER = /^[A-Za-z0-9_-]{1,64}$/

/** Blobs in a folder, one file each: `<folder>/<first two characters>/<owner>/<hash>`. For workers that share a disk. */
export class FolderBlobs implements BlobStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async put(owner: string, blobs: readonly Blob[]): Promise<void> {
    const folder = this.#of(owner)
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await Promise.all(blobs.map(({ hash, text }) => write(join(folder, hash), text)))
    } catch (error) {
      throw this.#failure(error)
    }
  }

  get(owner: string, hashes: readonly string[]): Promise<readonly (string | null)[]> {
    const folder = this.#of(owner)
    return Promise.all(
      hashes.map(async (hash) => {
        try {
          return await readFile(join(folder, hash), 'utf8')
        } catch (error) {
          if (Error.isError(error) && 'code' in error && error.code === 'ENOENT') return null
          throw this.#failure(error)
        }
      }),
    )
  }

  async remove(owner: string): Promise<void> {
    try {
      await rm(this.#of(owner), { recursive: true, force: true })
    } catch (error) {
      throw this.#failure(error)
    }
  }

  #of(owner: string): string {
    if (!OWNER.test(owner)) throw new Error(`${JSON.stringify(owner)} is no run id`)
    return join(this.#folder, owner.slice(0, PREFIX_CHARACTERS).padEnd(PREFIX_CHARACTERS, '_'), owner)
  }

  #failure(error: unknown): BlobStoreError {
    return new BlobStoreError(this.#folder, Error.isError(error) ? error.message : String(error))
  }
}

/** Beside and renamed: a reader sees a whole text. Synced, as the journal will name it. */
async function write(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`
  {
    await using file = await open(draft, 'wx', 0o600)
    await file.writeFile(text)
    await file.datasync()
  }
  await rename(draft, path)
}
