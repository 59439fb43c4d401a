import { setTimeout as sleep } from 'node:timers/promises'
import { ask, type Reply } from './ask.ts'
import { type RedisHandle, startRedis } from './redis.ts'

/** A Redis Cluster of one's own. It ends with this process, however that ends. */
export interface ClusterHandle {
  /** `redis+cluster://127.0.0.1:port,…` */
  readonly url: string
  readonly nodes: readonly RedisHandle[]
  /** Moves the slot of a key to a node, with all its keys, under whoever works on them; false where it is there already. */
  moveSlot(key: string, to: number): Promise<boolean>
  /** Ends all nodes. Twice is harmless. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const SLOTS = 16_384
const FORMED_MAX_MS = 30_000
const FORMED_POLL_MS = 20
const MIGRATE_MAX_MS = '5000'
/** Few, so that commands meet slots of which a part has moved. */
const KEYS_AT_ONCE = '5'

/** Starts a Cluster of so many primaries on this machine, each with an append-only file; it takes a second or two. */
export async function startRedisCluster(count = 3): Promise<ClusterHandle> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--cluster-require-full-coverage', 'no']
  const nodes = await Promise.all(
    Array.from({ length: count }, () => startRedis({ isLocal: true, appendonly: true, args })),
  )
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  try {
    await form(nodes)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    nodes,
    async moveSlot(key, to) {
      const target = nodes[to]
      if (target === undefined) throw new Error(`there is no node ${to}`)
      const slot = Number(await ask(target.url, ['CLUSTER', 'KEYSLOT', key]))
      const owners = await Promise.all(nodes.map(async ({ url }) => (await slotsOf(url)).has(slot)))
      const source = nodes[owners.indexOf(true)]
      if (source === undefined || source === target) return false
      await moveSlot(nodes, String(slot), { source, target })
      return true
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function form(nodes: readonly RedisHandle[]): Promise<void> {
  const share = Math.ceil(SLOTS / nodes.length)
  for (const [at, { url }] of nodes.entries()) {
    const last = Math.min(SLOTS, (at + 1) * share) - 1
    await ask(url, ['CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1)])
    await ask(url, ['CLUSTER', 'ADDSLOTSRANGE', String(at * share), String(last)])
  }
  const [first] = nodes
  if (first === undefined) throw new Error('a Cluster of no nodes')
  for (const { port } of nodes) await ask(first.url, ['CLUSTER', 'MEET', '127.0.0.1', String(port)])
  const wanted = ['cluster_state:ok', `cluster_slots_assigned:${SLOTS}`, `cluster_known_nodes:${nodes.length}`]
  const giveUpAtMs = Date.now() + FORMED_MAX_MS
  for (;;) {
    const infos = await Promise.all(nodes.map(({ url }) => ask(url, ['CLUSTER', 'INFO'])))
    if (infos.every((info) => wanted.every((line) => String(info).includes(line)))) return
    if (Date.now() > giveUpAtMs) throw new Error(`the Cluster did not form: ${infos.join('\n')}`)
    await sleep(FORMED_POLL_MS)
  }
}

/** As `redis-cli --cluster reshard` does it. */
async function moveSlot(
  nodes: readonly RedisHandle[],
  slot: string,
  { source, target }: { readonly source: RedisHandle; readonly target: RedisHandle },
): Promise<void> {
  const [sourceId, targetId] = [await idOf(source.url), await idOf(target.url)]
  await ask(target.url, ['CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId])
  await ask(source.url, ['CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId])
  for (;;) {
    const keys = textsIn(await ask(source.url, ['CLUSTER', 'GETKEYSINSLOT', slot, KEYS_AT_ONCE]))
    if (keys.length === 0) break
    const to = ['127.0.0.1', String(target.port), '', '0', MIGRATE_MAX_MS]
    await ask(source.url, ['MIGRATE', ...to, 'KEYS', ...keys])
  }
  for (const { url } of [target, ...nodes.filter((one) => one !== target)])
    await ask(url, ['CLUSTER', 'SETSLOT', slot, 'NODE', targetId])
}

async function idOf(url: string): Promise<string> {
  return String(await ask(url, ['CLUSTER', 'MYID']))
}

async function slotsOf(url: string): Promise<ReadonlySet<number>> {
  const id = await idOf(url)
  const lines = String(await ask(url, ['CLUSTER', 'NODES'])).split('\n')
  const ranges =
    lines
      .find((line) => line.startsWith(id))
      ?.split(' ')
      .slice(8) ?? []
  return new Set(
    ranges.flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, at) => first + at)
    }),
  )
}

function textsIn(reply: Reply): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : []
}
