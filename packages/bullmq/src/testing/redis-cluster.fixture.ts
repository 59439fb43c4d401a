import { startRedis, type RedisHandle } from '@agentloom/testing'
import { Redis } from 'ioredis'
import { vi } from 'vitest'

export interface TestCluster {
  /** `redis+cluster://…` */
  readonly url: string
  readonly nodes: readonly RedisHandle[]
  /** Moves the slot of a key to a node, with all its keys, under whoever works on them; false where it is there already. */
  moveSlot(key: string, to: number): Promise<boolean>
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const SLOTS = 16_384
const FORMED_MAX_MS = 15_000
const MIGRATE_MAX_MS = '5000'
/** Few, so that commands meet slots of which a part has moved. */
const KEYS_AT_ONCE = 5

/** A Redis Cluster of so many primaries on loopback, each with an append-only file. */
export async function startCluster(count = 3): Promise<TestCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--cluster-require-full-coverage', 'no']
  const nodes = await Promise.all(
    Array.from({ length: count }, () => startRedis({ isLocal: true, appendonly: true, args })),
  )
  const admins = nodes.map(({ url }) => new Redis(url, { maxRetriesPerRequest: null }))
  for (const admin of admins) admin.on('error', () => undefined) // tests kill nodes
  const stop = async (): Promise<void> => {
    for (const admin of admins) admin.disconnect()
    await Promise.all(nodes.map((node) => node.stop()))
  }
  try {
    await form(admins, nodes)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    nodes,
    async moveSlot(key, to) {
      const target = admins[to]
      const port = nodes[to]?.port
      if (target === undefined || port === undefined) throw new Error('there is no such node')
      const slot = Number(await target.call('CLUSTER', 'KEYSLOT', key))
      const owners = await Promise.all(admins.map(async (admin) => (await slotsOf(admin)).has(slot)))
      const source = admins[owners.indexOf(true)]
      if (source === undefined || source === target) return false
      await moveSlot(admins, slot, { source, target, port })
      return true
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function form(admins: readonly Redis[], nodes: readonly RedisHandle[]): Promise<void> {
  const share = Math.ceil(SLOTS / admins.length)
  for (const [at, admin] of admins.entries()) {
    await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1))
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', at * share, Math.min(SLOTS, (at + 1) * share) - 1)
  }
  const [first] = admins
  for (const { port } of nodes) await first?.call('CLUSTER', 'MEET', '127.0.0.1', port)
  await vi.waitUntil(
    async () => {
      const infos = await Promise.all(admins.map((admin) => admin.call('CLUSTER', 'INFO')))
      return infos.every(
        (info) =>
          String(info).includes('cluster_state:ok') &&
          String(info).includes(`cluster_slots_assigned:${SLOTS}`) &&
          String(info).includes(`cluster_known_nodes:${admins.length}`),
      )
    },
    { timeout: FORMED_MAX_MS },
  )
}

interface Move {
  readonly source: Redis
  readonly target: Redis
  readonly port: number
}

/** As `redis-cli --cluster reshard` does it. */
async function moveSlot(admins: readonly Redis[], slot: number, { source, target, port }: Move): Promise<void> {
  const [sourceId, targetId] = [await idOf(source), await idOf(target)]
  await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId)
  await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId)
  for (;;) {
    const keys = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, KEYS_AT_ONCE)) as readonly string[]
    if (keys.length === 0) break
    await source.call('MIGRATE', '127.0.0.1', port, '', 0, MIGRATE_MAX_MS, 'KEYS', ...keys)
  }
  for (const admin of [target, ...admins.filter((one) => one !== target)])
    await admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId)
}

async function idOf(admin: Redis): Promise<string> {
  return String(await admin.call('CLUSTER', 'MYID'))
}

async function slotsOf(admin: Redis): Promise<ReadonlySet<number>> {
  const id = await idOf(admin)
  const own = String(await admin.call('CLUSTER', 'NODES'))
    .split('\n')
    .find((line) => line.startsWith(id))
  const ranges = own?.split(' ').slice(8) ?? []
  return new Set(
    ranges.flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, at) => first + at)
    }),
  )
}
