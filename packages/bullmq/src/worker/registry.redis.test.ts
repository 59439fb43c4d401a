import { expectNoKeys, redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { defineFunction } from '@agentloom/workflow'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { fleetKeysOf, type FleetKeys } from '../keys.ts'
import { Scripts } from '../script.ts'
import { startTestWorker } from '../testing/test-worker.fixture.ts'
import { hasEnded, ownMark } from './process-mark.ts'
import { listWorkers, Registry, SILENT_MS, type WorkerCard } from './registry.ts'

let prefix: string
let keys: FleetKeys
let redis: Redis

beforeEach(() => {
  prefix = testPrefix()
  keys = fleetKeysOf(prefix)
  redis = new Redis(redisUrl())
})

afterEach(async () => {
  redis.disconnect()
  await removeKeys(prefix)
  await expectNoKeys(prefix)
})

const card: WorkerCard = {
  ...ownMark(),
  worker: 'w',
  host: 'h',
  version: '1',
  startedAtMs: 1,
  pools: ['default'],
  shards: [0],
  handlers: [],
  concurrency: 1,
  held: 0,
}

/** A registry whose clock stands `ms` behind the server's. */
function late(ms: number): Registry {
  const clock = `local function clock() local t = redis.call('TIME') return t[1] * 1000 - ${ms} end`
  return new Registry(redis, keys, new Scripts(redis, clock))
}

test('a worker is listed with what it has as long as it runs', async () => {
  const greet = defineFunction({ name: 'greet', version: '2', input: z.object({}), run: () => 'hi' })
  const { runtime } = await startTestWorker({ prefix, worker: 'w1', functions: [greet], concurrency: 3 })
  expect(await listWorkers(redis, keys)).toMatchObject([
    { worker: 'w1', pid: process.pid, pools: ['default'], shards: [0], handlers: ['greet@2'], concurrency: 3, held: 0 },
  ])
  await runtime.close()
  expect(await listWorkers(redis, keys)).toEqual([])
})

test('one that does not beat is silent until its steps are taken back, and listed for some minutes more', async () => {
  const registry = new Registry(redis, keys)
  await late(SILENT_MS + 1_000).beat('gone', card)
  await registry.beat('here', card)
  expect((await registry.list()).map(({ instance, isSilent }) => [instance, isSilent])).toEqual(
    expect.arrayContaining([
      ['gone', true],
      ['here', false],
    ]),
  )
  expect(await registry.silent()).toEqual(['gone'])
  await registry.taken('gone')
  expect(await registry.silent()).toEqual([])
  expect(await registry.list()).toHaveLength(2)
  await registry.beat('gone', card) // it had only been stopped
  expect((await registry.list()).every(({ isSilent }) => !isSilent)).toBe(true)
})

test('who has not been heard of for minutes is forgotten, and so is what nobody can read', async () => {
  const registry = new Registry(redis, keys)
  await late(10 * 60_000).beat('long ago', card)
  await redis.hset(keys.workers[0], 'strange', 'nonsense')
  expect(await registry.list()).toEqual([])
  await registry.trim()
  expect(await redis.hlen(keys.workers[0])).toBe(0)
  expect(await registry.silent()).toEqual([])
})

test('both keys go some minutes after the last beat of anybody', async () => {
  await new Registry(redis, keys).beat('one', card)
  for (const key of keys.workers) expect(await redis.pttl(key)).toBeGreaterThan(SILENT_MS)
})

test('a process has ended for certain only where its pid can be looked up', () => {
  const own = ownMark()
  expect(hasEnded(own)).toBe(false)
  if (own.space === null) return
  expect(hasEnded({ ...own, started: '1' })).toBe(true) // its pid was given to another one
  expect(hasEnded({ ...own, pid: 2 ** 22 + 1 })).toBe(true)
  expect(hasEnded({ ...own, pid: 2 ** 22 + 1, space: 'another container' })).toBe(false)
})
