import { startRedis } from '@agentloom/testing'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { connect } from './connect.ts'
import { parseRedisUrl } from './url.ts'

test.each([
  ['', /empty/],
  ['localhost:6379', /no Redis URL/],
  ['http://h:6379', /no Redis URL/],
  ['"redis://h"', /no Redis URL/],
  ['redis://', /names no host|cannot be read/],
  ['redis://:p#secret@h', /cannot be read|neither/],
  ['redis://:100%25%@h', /not percent-encoded/],
  ['redis://h/abc', /database number/],
  ['redis://h/0?x=1', /neither/],
  ['redis+sentinel://h:26379', /does not name what the Sentinels watch/],
  ['redis+sentinel://h:26379/', /does not name what/],
  ['redis+sentinel://h/name/x', /database number/],
  ['redis+cluster://a:1,b:2/3', /one database only/],
  ['redis+cluster://a:1,,b:2', /cannot be read|names no host/],
  ['redis+cluster://:p#secret@a:1,b:2', /cannot be read|neither/],
  ['redis+other://a', /no Redis URL/],
  ['redis://a:1,b:2', /list of servers/],
])('%s is refused with what to do', (url, message) => {
  const error = (() => {
    try {
      return parseRedisUrl(url)
    } catch (thrown) {
      return thrown
    }
  })()
  expect(error).toMatchObject({
    code: 'config/redis-url',
    message: expect.stringMatching(message),
    help: expect.stringMatching(/./),
  })
  expect(String(error)).not.toContain('secret')
})

test('a URL gives address and options, the password decoded and never in the address', () => {
  expect(parseRedisUrl('rediss://me:p%40ss%23@example.org:7000/3')).toEqual({
    kind: 'single',
    address: 'example.org:7000',
    options: {
      host: 'example.org',
      port: 7_000,
      db: 3,
      username: 'me',
      password: 'p@ss#',
      tls: { servername: 'example.org' },
    },
  })
})

test('a list of Sentinels names what they watch; a list of nodes is a Cluster', () => {
  expect(parseRedisUrl('redis+sentinel://me:p%40ss@a,b:7000/my%20db/2')).toEqual({
    kind: 'sentinel',
    address: 'a:26379,b:7000',
    sentinels: [
      { host: 'a', port: 26_379 },
      { host: 'b', port: 7_000 },
    ],
    group: 'my db',
    options: { username: 'me', password: 'p@ss', db: 2 },
  })
  expect(parseRedisUrl('rediss+cluster://:p@[::1]:7000,b')).toEqual({
    kind: 'cluster',
    address: '[::1]:7000,b:6379',
    nodes: [
      { host: '::1', port: 7_000 },
      { host: 'b', port: 6_379 },
    ],
    options: { password: 'p', tls: {} },
  })
})

test('a port where nobody listens is told at once', async () => {
  await expect(connect({ redis: 'redis://127.0.0.1:1' })).rejects.toMatchObject({
    code: 'redis/unreachable',
    place: '127.0.0.1:1',
  })
})

test('a server that accepts and says nothing is told within five seconds', { timeout: 10_000 }, async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  await expect(connect({ redis: `redis://127.0.0.1:${address.port}` })).rejects.toMatchObject({
    code: 'redis/unreachable',
  })
  server.close()
})

test('something else than Redis is told', async () => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  await expect(connect({ redis: `redis://127.0.0.1:${address.port}` })).rejects.toMatchObject({
    code: expect.stringMatching(/^redis\/(not-redis|unreachable)$/),
  })
  server.close()
})

test('a password that is wrong or missing, a database that is not there, a server that may throw runs away', async () => {
  await using redis = await startRedis()
  await expect(connect({ redis: `${redis.url}/99` })).rejects.toMatchObject({ code: 'redis/config' })
  const { redis: admin } = await connect({ redis: redis.url })
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
  await expect(connect({ redis: redis.url })).rejects.toMatchObject({ code: 'redis/eviction-policy' })
  const { redis: forced } = await connect({ redis: redis.url, allowEviction: true })
  forced.disconnect()
  await admin.config('SET', 'requirepass', 'secret')
  await expect(connect({ redis: redis.url })).rejects.toMatchObject({ code: 'redis/auth' })
  await expect(connect({ redis: redis.url.replace('//', '//:wrong@') })).rejects.toMatchObject({ code: 'redis/auth' })
  admin.disconnect()
})
