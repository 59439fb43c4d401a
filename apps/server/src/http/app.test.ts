import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { createLogger } from '@agentloom/telemetry'
import type { FastifyInstance } from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { createApp } from './app.ts'
import { limitConnections } from './connections.ts'
import { rawRequest } from './raw-request.fixture.ts'

const log = createLogger({ name: 'test', level: 'critical' })

async function app(
  waits = { headersMs: 10_000, requestMs: 30_000, checkEveryMs: 1_000 },
): Promise<{ port: number; app: FastifyInstance; bodies: unknown[] }> {
  const bodies: unknown[] = []
  const made = createApp({ log, isLoopback: true, checkKey: null, openPaths: new Set(), waits })
  made.post('/things', async ({ body }) => {
    bodies.push(body)
    return { ok: true }
  })
  made.get('/things/:id', async () => ({ ok: true }))
  made.get('/broken', async () => {
    throw new Error('secret detail')
  })
  await made.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => made.close())
  const bound = made.server.address()
  return { app: made, bodies, port: typeof bound === 'object' && bound !== null ? bound.port : 0 }
}

const post = (headers: string, body: string): string =>
  `POST /things HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n${body}`
const json = (body: string): string =>
  post(`Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`, body)
const get = (path: string, headers = 'Host: localhost'): string => `GET ${path} HTTP/1.1\r\n${headers}\r\n\r\n`
const TYPE = 'Content-Type: application/json'

// The rows of docs: bad input, HTTP server.
test.each<[row: string, what: string, request: string | Uint8Array, status: number, code: string]>([
  [
    'I1',
    'length and transfer encoding',
    post(`${TYPE}\r\nContent-Length: 2\r\nTransfer-Encoding: chunked`, '2\r\n{}\r\n0\r\n\r\n'),
    400,
    'http/bad-request',
  ],
  ['I1', 'two lengths', post(`${TYPE}\r\nContent-Length: 2\r\nContent-Length: 3`, '{}'), 400, 'http/bad-request'],
  ['I1', 'length +5', post(`${TYPE}\r\nContent-Length: +5`, '{"a"}'), 400, 'http/bad-request'],
  ['I1', 'length -1', post(`${TYPE}\r\nContent-Length: -1`, '{}'), 400, 'http/bad-request'],
  ['I1', 'length 1e20', post(`${TYPE}\r\nContent-Length: 1e20`, '{}'), 400, 'http/bad-request'],
  [
    'I1',
    'transfer encoding xchunked',
    post(`${TYPE}\r\nTransfer-Encoding: xchunked`, '2\r\n{}\r\n0\r\n\r\n'),
    400,
    'http/bad-request',
  ],
  [
    'I1',
    'a chunk longer than it says',
    post(`${TYPE}\r\nTransfer-Encoding: chunked`, '3\r\nhello\r\n0\r\n\r\n'),
    400,
    'http/bad-request',
  ],
  ['I2', 'no Host', get('/things/1', 'X: y'), 400, 'http/bad-request'],
  ['I2', 'two Hosts', get('/things/1', 'Host: localhost\r\nHost: localhost'), 400, 'http/bad-request'],
  ['I2', 'a foreign name', get('/things/1', 'Host: evil.example'), 421, 'http/foreign-host'],
  ['I2', 'a name that begins like ours', get('/things/1', 'Host: localhost.evil.example:80'), 421, 'http/foreign-host'],
  ['I2', 'no version', 'GET /things/1\r\n\r\n', 400, 'http/bad-request'],
  ['I3', 'a whole URL', get('http://evil.example/things/1'), 400, 'http/bad-request'],
  ['I3', 'two slashes', get('//evil.example/things/1'), 400, 'http/bad-request'],
  ['I3', 'a broken escape', get('/things/%zz'), 400, 'http/bad-request'],
  ['I4', 'TRACE', get('/things/1').replace('GET', 'TRACE'), 405, 'http/method'],
  ['I4', 'PUT on a GET page', get('/things/1').replace('GET', 'PUT'), 405, 'http/method'],
  ['I4', 'BREW', get('/things/1').replace('GET', 'BREW'), 400, 'http/bad-request'],
  [
    'I4',
    'an upgrade',
    get('/things/1', 'Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket'),
    426,
    'http/upgrade',
  ],
  ['I4', 'HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'http/bad-request'],
  ['I4', 'TLS', new Uint8Array([0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x00]), 400, 'http/bad-request'],
  ['I5', 'no content type', post('Content-Length: 2', '{}'), 415, 'http/media-type'],
  ['I5', 'text/plain', post('Content-Type: text/plain\r\nContent-Length: 2', '{}'), 415, 'http/media-type'],
  [
    'I5',
    'application/jsonx',
    post('Content-Type: application/jsonx\r\nContent-Length: 2', '{}'),
    415,
    'http/media-type',
  ],
  ['I5', 'UTF-16', post(`${TYPE}; charset=utf-16\r\nContent-Length: 2`, '{}'), 415, 'http/media-type'],
  [
    'I5',
    'a form',
    post('Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3', 'a=b'),
    415,
    'http/media-type',
  ],
  ['I6', 'a mebibyte and one', json(`"${'x'.repeat(1_048_575)}"`), 413, 'http/too-large'],
  ['I6', 'gzip', post(`${TYPE}\r\nContent-Encoding: gzip\r\nContent-Length: 2`, '{}'), 415, 'http/media-type'],
  ['I7', 'a hundred thousand levels', json('['.repeat(100_000) + ']'.repeat(100_000)), 400, 'http/depth'],
  ['I8', 'a key twice', json('{"decision":"approve","decision":"reject"}'), 400, 'http/duplicate-key'],
  ['I9', '__proto__', json('{"__proto__":{"z":1}}'), 400, 'http/forbidden-key'],
  ['I9', 'constructor.prototype', json('{"constructor":{"prototype":{"z":1}}}'), 400, 'http/forbidden-key'],
  ['I9', 'half a character', json('{"a":"\\ud800"}'), 400, 'http/character'],
  ['I10', 'a number of 2^53 + 1', json('{"input":{"n":9007199254740993}}'), 400, 'http/number-not-exact'],
  ['I10', 'a number beyond all', json('{"budget_usd":1e999}'), 400, 'http/number-not-exact'],
  ['I11', 'a header of 17 kB', get('/things/1', `Host: localhost\r\nX: ${'x'.repeat(17_000)}`), 431, 'http/headers'],
  [
    'I11',
    '3,000 short headers',
    get('/things/1', `Host: localhost\r\n${'a:b\r\n'.repeat(3_000)}c:d`),
    431,
    'http/headers',
  ],
  ['I11', 'a URL of 10 kB', get(`/things/${'x'.repeat(10_000)}`), 414, 'http/url-too-long'],
  [
    'I17',
    'a page of another site',
    post(`${TYPE}\r\nOrigin: https://evil.example\r\nContent-Length: 2`, '{}'),
    403,
    'http/foreign-origin',
  ],
  ['I17', 'a page of nowhere', post(`${TYPE}\r\nOrigin: null\r\nContent-Length: 2`, '{}'), 403, 'http/foreign-origin'],
  [
    'I17',
    'a page of another site, as its browser says',
    post(`${TYPE}\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 2`, '{}'),
    403,
    'http/foreign-origin',
  ],
])('%s: %s', async (_row, _what, request, status, code) => {
  const { port, bodies } = await app()
  const reply = await rawRequest(port, request)
  expect({ status: reply.status, code: reply.code }).toEqual({ status, code })
  expect(bodies).toEqual([])
  expect((await rawRequest(port, json('{"good":1}'))).status).toBe(200) // nobody else has to suffer
  expect(bodies).toEqual([{ good: 1 }])
})

test('I4: 405 names the methods that are allowed', async () => {
  const { port } = await app()
  expect((await rawRequest(port, get('/things/1').replace('GET', 'DELETE'))).head).toMatch(/^allow: GET, HEAD$/im)
})

test('I12: headers and bodies that trickle in end with 408', async () => {
  const { port } = await app({ headersMs: 100, requestMs: 200, checkEveryMs: 20 })
  expect(await rawRequest(port, 'GET / HTTP/1.1\r\nHo')).toMatchObject({ status: 408, code: 'http/timeout' })
  expect(await rawRequest(port, post(`${TYPE}\r\nContent-Length: 50`, '{"a":'))).toMatchObject({
    status: 408,
    code: 'http/timeout',
  })
})

test('I12: with more connections than are kept, the longest idle one makes room, and new requests are answered', async () => {
  const server = createServer((_request, response) => response.end('ok'))
  limitConnections(server, 3)
  server.listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const idle: Socket[] = []
  for (let n = 0; n < 3; n++) {
    const socket = connect(port, '127.0.0.1')
    await Promise.all([once(socket, 'connect'), once(server, 'connection')])
    idle.push(socket)
  }
  const closed = once(idle[0]!, 'close')
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('ok')
  await closed
  expect(idle.map(({ closed: isClosed }) => isClosed)).toEqual([true, false, false])
})

test('an error of ours is told without its details', async () => {
  const { port } = await app()
  const { status, code, body } = await rawRequest(port, get('/broken'))
  expect({ status, code }).toEqual({ status: 500, code: 'http/internal' })
  expect(body).not.toContain('secret detail')
})
