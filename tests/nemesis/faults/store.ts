import { readdir, open, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { between } from '../random.ts'
import { monotonicMs } from '../witness.ts'
import type { World } from '../world.ts'
import type { Fault } from './fault.ts'
import { pidOf } from './processes.ts'

const DOWN_MS = { min: 100, max: 1_500 }
/** What a power loss takes with `appendfsync everysec`. */
const UNSYNCED_MS = 1_000
const SLEEP_SECONDS = { min: 0.8, max: 2 }
const FULL_MS_MAX = 4_000
const POLL_MS = 50

export const restart: Fault = {
  kind: 'redis-kill',
  lane: 'store',
  effect: 'Redis was killed under connected workers while runs were live',
  async inject(world) {
    const hadWork = world.load.live.size > 0
    const ends = endsByRedis(world)
    await world.redis.kill9()
    await sleep(between(world.random, DOWN_MS.min, DOWN_MS.max))
    await world.redis.restart()
    return hadWork && endsByRedis(world) > ends
  },
}

export const truncation: Fault = {
  kind: 'aof-cut',
  lane: 'store',
  effect:
    'Redis was killed, records of the last second were cut off its append-only file, and it came back without them',
  inject: (world) =>
    loss(world, async () => {
      const before = await incrementOf(world.redisFolder)
      await sleep(UNSYNCED_MS)
      await world.redis.kill9()
      const after = await incrementOf(world.redisFolder)
      const from = before.path === after.path ? before.bytes : 0
      const last = (await tail(after.path, from)).lastIndexOf(':log:')
      const kept = last < 0 ? after.bytes : Math.floor(between(world.random, from, from + last))
      await truncate(after.path, kept)
      await world.redis.restart()
      return last >= 0
    }),
}

export const flush: Fault = {
  kind: 'flushall',
  lane: 'store',
  effect: 'all data of Redis were gone while runs were live',
  inject: (world) =>
    loss(world, async () => {
      const hadWork = world.load.live.size > 0 && (await world.admin.dbsize()) > 0
      await world.admin.flushall()
      return hadWork
    }),
}

/** Takes away what Redis knows, while every worker is there with its disk; until they have told it what they know. */
function loss(world: World, lose: () => Promise<boolean>): Promise<boolean> {
  return world.copies.alone(async () => {
    const { workers, witness, losses } = world
    await witness.until(() => workers.all.every((worker) => witness.hasWorked(pidOf(worker))), WORKERS_MS_MAX)
    let told = 0
    const recovered = witness.until((line) => {
      if ('message' in line && line.message === TOLD) told += 1
      return told >= workers.all.length
    }, RECOVERY_MS_MAX)
    const hasLost = await lose()
    losses.push(monotonicMs())
    await recovered
    return hasLost
  })
}

const TOLD = 'what the spool knows was told'
const WORKERS_MS_MAX = 10_000
/** Workers that do not say a word are not waited for any longer than this. */
const RECOVERY_MS_MAX = 60_000

export const full: Fault = {
  kind: 'maxmemory',
  lane: 'store',
  effect: 'a START was refused because Redis was full, or as good as full',
  async inject({ admin, load }) {
    const refusedBefore = load.refusedFull
    const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1])
    await admin.config('SET', 'maxmemory', String(Math.round(used / 2)))
    for (let waitedMs = 0; waitedMs < FULL_MS_MAX && load.refusedFull === refusedBefore; waitedMs += POLL_MS)
      await sleep(POLL_MS)
    await sleep(500)
    await admin.config('SET', 'maxmemory', '0')
    return load.refusedFull > refusedBefore
  },
}

export const standstill: Fault = {
  kind: 'redis-sleep',
  lane: 'store',
  effect: 'Redis answered nobody for 0.8 s or more',
  async inject({ admin, random }) {
    const seconds = between(random, SLEEP_SECONDS.min, SLEEP_SECONDS.max)
    const from = monotonicMs()
    await admin.call('DEBUG', 'SLEEP', seconds.toFixed(2))
    return monotonicMs() - from >= SLEEP_SECONDS.min * 1_000
  },
}

function endsByRedis({ workers }: World): number {
  return workers.all.reduce((sum, { proxy }) => sum + proxy.endedByRedis, 0)
}

/** The part of the append-only file that is being written. */
async function incrementOf(folder: string): Promise<{ readonly path: string; readonly bytes: number }> {
  const aof = join(folder, 'appendonlydir')
  const names = (await readdir(aof)).filter((name) => name.endsWith('.incr.aof'))
  const sequence = (name: string): number => Number(/\.(\d+)\.incr\.aof$/.exec(name)?.[1] ?? 0)
  const last = names.toSorted((a, b) => sequence(a) - sequence(b)).at(-1)
  if (last === undefined) throw new Error(`no append-only file in ${aof}`)
  const path = join(aof, last)
  return { path, bytes: (await stat(path)).size }
}

async function tail(path: string, from: number): Promise<Buffer> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  const { buffer } = await file.read(Buffer.alloc(Math.max(1, size - from)), 0, Math.max(1, size - from), from)
  return buffer
}
