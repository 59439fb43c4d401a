/**
 * Which shard a run lies in: a pure function of the root of its tree, so that a run and its children share a slot and one
 * script may touch them together. It must give the same answer for ever: runs are found by it.
 */
export function shardOf(runId: string, shardCount: number): number {
  return shardCount === 1 ? 0 : hashOf(rootIdOf(runId)) % shardCount
}

/** As `shardOf`, of a key that belongs to no run. */
export function shardOfKey(key: string, shardCount: number): number {
  return shardCount === 1 ? 0 : hashOf(key) % shardCount
}

/** Ids of child runs begin with their parent's and a dot, which no other id holds. */
export function rootIdOf(runId: string): string {
  const dot = runId.indexOf('.')
  return dot < 0 ? runId : runId.slice(0, dot)
}

/** FNV-1a of the UTF-16 units, mixed by the end of MurmurHash3, as its low bits alone are poor. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
