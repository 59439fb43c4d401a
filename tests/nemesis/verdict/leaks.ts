import { keysOf, RedisJournal } from '@agentloom/bullmq'
import type { World } from '../world.ts'

const SCAN_COUNT = 1_000
const LIST_MAX = 1_000_000
const ERASED_AT_ONCE = 50
const QUIET_MS_MAX = 10_000
const POLL_MS = 250
/** What is there without any run: queues, the compactor's lease, pools, blobs until they are collected, what workers tell of themselves. */
const STANDING =
  /^(\{[^}]+\}:(agentloom-|compactor$|pools$|generation|gate|blobs)|[^:]+:(shards|workers)$|\{[^}]+:workers\}:)/

/** What no run explains when all are over: obligations first, and keys once every run was erased (I13). */
export async function leaks(world: World): Promise<readonly string[]> {
  const obligations = await leftOver(world)
  await eraseAll(world)
  const keys = await withoutEnd(
    world,
    (await allKeys(world)).filter((key) => !STANDING.test(key)),
  )
  return [
    ...obligations.map((entry) => `an obligation that no run has: ${entry}`),
    ...keys.map((key) => `a key that no run has: ${key}`),
  ]
}

/** Obligations may be fulfilled a little after the end of the last run. */
async function leftOver({ admin, prefix }: World): Promise<readonly string[]> {
  const { due } = keysOf(prefix)
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const entries = await admin.zrange(due, '0', '-1')
    if (entries.length === 0 || waitedMs >= QUIET_MS_MAX) return entries
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

async function eraseAll({ admin, client, prefix }: World): Promise<void> {
  const journal = new RedisJournal({ redis: admin, keys: keysOf(prefix) })
  const runs = await client.list({ limit: LIST_MAX, withChildren: true })
  for (let at = 0; at < runs.length; at += ERASED_AT_ONCE)
    await Promise.all(
      runs.slice(at, at + ERASED_AT_ONCE).map(async ({ runId }) => {
        const loaded = await journal.load(runId)
        if (loaded !== null) await journal.erase(runId, loaded.records.length)
      }),
    )
}

/** A definition stays for some days behind its last run, by a clock of its own. */
async function withoutEnd({ admin }: World, keys: readonly string[]): Promise<readonly string[]> {
  const seconds = await Promise.all(keys.map((key) => admin.ttl(key)))
  return keys.filter((_, index) => seconds[index] === -1)
}

async function allKeys({ admin, prefix }: World): Promise<readonly string[]> {
  const keys = new Set<string>()
  let cursor = '0'
  do {
    const [next, found] = await admin.scan(cursor, 'MATCH', `*${prefix}*`, 'COUNT', SCAN_COUNT)
    for (const key of found) keys.add(key)
    cursor = next
  } while (cursor !== '0')
  return [...keys].toSorted()
}
