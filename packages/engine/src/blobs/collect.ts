import type { BlobStore } from '../ports/blobs.ts'

/** A value is put before the journal names its run: nobody takes longer than this in between. */
const GRACE_MS = 3_600_000
const OWNERS_AT_ONCE = 200

/**
 * Removes the blobs of runs that the journal no longer has, and that nobody has put anything for in the last hour. Any number
 * may collect at once.
 * @param isKept whether the journal has the run
 * @returns how many owners are gone
 */
export async function collectBlobs(
  store: BlobStore,
  isKept: (runId: string) => Promise<boolean>,
  graceMs: number = GRACE_MS,
): Promise<number> {
  let count = 0
  for (const owner of await store.idleOwners(graceMs, OWNERS_AT_ONCE)) {
    if (await isKept(owner)) await store.keep(owner)
    else {
      await store.removeIdle(owner, graceMs)
      count += 1
    }
  }
  return count
}
