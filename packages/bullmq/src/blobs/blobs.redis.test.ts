import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BlobStore } from '@agentloom/engine'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { Redis } from 'ioredis'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { keysOf } from '../keys.ts'
import { openBlobPlace } from './blob-place.ts'
import { FolderBlobs } from './folder-blobs.ts'
import { RedisBlobs } from './redis-blobs.ts'
import { S3Blobs } from './s3-blobs.ts'
import { S3_KEYS, startS3, type S3Server } from './s3-server.fixture.ts'

const prefix = testPrefix()
const keys = keysOf(prefix)
const redis = new Redis(redisUrl())
afterEach(() => removeKeys(prefix))
afterAll(() => redis.quit())

const blob = (text: string) => ({ hash: createHash('sha256').update(text).digest('hex'), text })
const large = blob(JSON.stringify(`${'é😀"\\ \u2028'.repeat(20_000)}`))
const small = blob('{"n":1}')

interface Opened extends AsyncDisposable {
  readonly store: BlobStore
}

const places: Readonly<Record<string, () => Promise<Opened>>> = {
  redis: async () => ({ store: new RedisBlobs({ redis, keys }), [Symbol.asyncDispose]: async () => undefined }),
  folder: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'agentloom-blobs-'))
    const store = new FolderBlobs(folder)
    return { store, [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }) }
  },
  s3: async () => {
    const server = await startS3()
    return { store: s3At(server), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
  },
}

function s3At({ endpoint }: S3Server, secretAccessKey = S3_KEYS.secretAccessKey): S3Blobs {
  return new S3Blobs({
    ...S3_KEYS,
    secretAccessKey,
    endpoint,
    region: 'eu-central-1',
    bucket: 'bucket',
    prefix: 'al 1',
  })
}

describe.each(Object.entries(places))('blobs in %s', (_, open) => {
  test('come back as they were, by hash and owner, until the owner is removed', async () => {
    await using opened = await open()
    const { store } = opened
    await store.put('run', [large, small])
    await store.put('run', [large])
    await store.put('run-2', [small, blob('1'), blob('2')])
    expect(await store.get('run', [small.hash, 'f'.repeat(64), large.hash])).toEqual([small.text, null, large.text])
    expect(await store.get('none', [small.hash])).toEqual([null])
    await store.remove('run-2')
    await store.remove('run-2')
    expect(await store.get('run-2', [small.hash, blob('2').hash])).toEqual([null, null])
    expect(await store.get('run', [small.hash])).toEqual([small.text])
    await store.remove('run')
    expect(await store.get('run', [small.hash])).toEqual([null])
  })
})

test('S3 refuses what is signed with another secret, and that is told', async () => {
  await using server = await startS3()
  const store = s3At(server, 'another')
  await expect(store.put('run', [small])).rejects.toMatchObject({ code: 'store/blobs', place: 's3://bucket/al 1' })
  await expect(store.get('run', [small.hash])).rejects.toThrow(/403 SignatureDoesNotMatch/)
  expect(server.objects.size).toBe(0)
  await s3At(server).put('run', [small])
  expect([...server.objects.keys()]).toEqual([`al 1/run/${small.hash}`])
})

test('files are private', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agentloom-blobs-'))
  await new FolderBlobs(folder).put('run', [small])
  expect(statSync(join(folder, 'ru', 'run', small.hash)).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder, 'ru', 'run')).mode & 0o777).toBe(0o700)
  expect(readdirSync(join(folder, 'ru', 'run'))).toEqual([small.hash])
  rmSync(folder, { recursive: true })
})

test('a place is named by a setting', async () => {
  const aws = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
  expect(await openBlobPlace('redis', {})).toBeNull()
  expect(await openBlobPlace('file:/tmp/blobs', {})).toBeInstanceOf(FolderBlobs)
  expect(await openBlobPlace('s3://bucket/some/prefix?region=eu-west-1', aws)).toBeInstanceOf(S3Blobs)
  for (const wrong of ['s3://', '/tmp', 'http://x', 's3://bucket'])
    await expect(openBlobPlace(wrong, {})).rejects.toMatchObject({ code: 'config/blobs' })
})

test('blobs of runs that have left Redis are collected, those of others and fresh ones never', async () => {
  const blobs = new RedisBlobs({ redis, keys })
  await blobs.put('live', [small])
  await blobs.put('gone', [small])
  const [run] = keys.run('live')
  await redis.hset(run, 'status', 'running')
  expect(await blobs.collect(10, 60_000)).toBe(0)
  expect(await blobs.collect(10, 0)).toBe(1)
  expect(await redis.zrange(keys.blobs, 0, '-1')).toEqual(['live'])
  expect(await blobs.get('gone', [small.hash])).toEqual([null])
  expect(await blobs.get('live', [small.hash])).toEqual([small.text])
  await redis.del(run)
  expect(await blobs.collect(10, 0)).toBe(1)
  expect(await redis.exists(keys.blobs, keys.blobsOf('live'))).toBe(0)
})

test('blobs of a run that is there again, or on its way back, are not removed with it', async () => {
  const blobs = new RedisBlobs({ redis, keys })
  await blobs.put('run', [small])
  const [run] = keys.run('run')
  for (const key of [keys.back('run'), run]) {
    await redis.hset(key, 'any', '1')
    await blobs.remove('run')
    expect(await blobs.get('run', [small.hash])).toEqual([small.text])
    await redis.del(key)
  }
  await blobs.remove('run')
  expect(await redis.exists(keys.blobs, keys.blobsOf('run'))).toBe(0)
})

test('while many runs come and go, no run that Redis has ever lacks a blob, and nothing is left of the others', async () => {
  const elsewhere = await openBlobPlace(`file:${mkdtempSync(join(tmpdir(), 'agentloom-blobs-'))}`, {})
  let isOver = false
  const shared = blob(JSON.stringify('the same for all'))
  for (const place of [null, elsewhere]) {
    isOver = false
    const blobs = new RedisBlobs({ redis, keys, elsewhere: place })
    let lacks = 0
    const collecting = Promise.all(
      [1, 2].map(async () => {
        while (!isOver) await blobs.collect(5, 0)
      }),
    )
    const life = async (name: number): Promise<void> => {
      for (let round = 0; round < 25; round += 1) {
        const runId = `run${name % 6}-${round % 3}` // ids come again, also of lives that go on elsewhere
        const own = blob(`${name} ${round}`)
        const key = `${keys.run(runId)[0]}`
        await redis.hset(key, `${name}`, '1') // the run is there before its values are, as the grace of an hour sees to it
        await blobs.put(runId, [shared, own])
        const found = await blobs.get(runId, [shared.hash, own.hash])
        if (found.includes(null)) lacks += 1
        await redis.hdel(key, `${name}`)
      }
    }
    await Promise.all(Array.from({ length: 12 }, (_, name) => life(name)))
    isOver = true
    await collecting
    expect(lacks).toBe(0)
    while ((await blobs.collect(10, 0)) > 0);
    expect(await redis.keys(`${keys.root}*`)).toEqual([])
  }
})
