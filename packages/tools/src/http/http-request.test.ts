import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { startedRun, type StartedRun } from '../run-folder.fixture.ts'
import { isInternalAddress } from '../policy/addresses.ts'
import { BODY_BYTES_MAX } from './body.ts'

const failed = (cause: string | RegExp, retryable: boolean) =>
  expect.objectContaining({ code: 'tool/failed', retryable, message: expect.stringMatching(cause) })

async function serving(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A name other than localhost that leads here; most machines have one. */
const nameOfThisMachine = await lookup(hostname()).then(
  ({ address }) => (isInternalAddress(address) ? hostname() : null),
  () => null,
)

/** Answers with what was asked. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  const { method, url, headers } = request
  response.end(JSON.stringify({ method, url, headers, body }))
}

const ask = (run: StartedRun, url: string, args = {}, signal?: AbortSignal) =>
  run.call('http_request', { url, ...args }, signal)
const asked = async (run: StartedRun, url: string, args = {}) => {
  const answer = (await ask(run, url, args)) as { body: string }
  return JSON.parse(answer.body) as { method: string; url: string; headers: Record<string, string>; body: string }
}

describe('a request', () => {
  test('is a GET without a body by default', async () => {
    await using server = await serving((request, response) => void echo(request, response))
    await using run = await startedRun()
    const seen = await asked(run, `${server.url}/a?b=c#d`)
    expect(seen).toMatchObject({ method: 'GET', url: '/a?b=c', body: '' })
    expect(seen.headers).not.toHaveProperty('transfer-encoding')
  })

  test('carries method, headers and body as given', async () => {
    await using server = await serving((request, response) => void echo(request, response))
    await using run = await startedRun()
    const headers = { 'X-Count': 3, 'user-agent': 'mine', 'Content-Length': '1', 'Transfer-Encoding': 'chunked' }
    const seen = await asked(run, server.url, { method: 'patch', headers, body: 'ü' })
    expect(seen).toMatchObject({
      method: 'PATCH',
      body: 'ü',
      headers: { 'x-count': '3', 'user-agent': 'mine', 'content-length': '2' },
    })
  })

  test('takes user and password from the URL', async () => {
    await using server = await serving((request, response) => void echo(request, response))
    await using run = await startedRun()
    const seen = await asked(run, server.url.replace('//', '//u:p@'))
    expect(seen.headers['authorization']).toBe(`Basic ${btoa('u:p')}`)
  })

  test.each([
    [{ url: null }, /must be text, not NoneType/],
    [{ headers: [] }, /'headers' must be a mapping, not list/],
    [{ headers: { a: true } }, /header 'a' must be text, not bool/],
    [{ headers: { a: 'b\nc: d' } }, /Invalid character in header content/],
    [{ method: 'G T' }, /Method must be a valid HTTP token/],
    [{ method: 'connect' }, /CONNECT opens a tunnel/],
    [{ body: {} }, /'body' must be text, not dict/],
  ])('is refused for good with %j', async (args, cause) => {
    await using run = await startedRun()
    await expect(ask(run, 'http://127.0.0.1:1/', args)).rejects.toEqual(failed(cause, false))
  })
})

describe('an answer', () => {
  test.each([200, 404, 503])('of status %i is a success', async (status) => {
    await using server = await serving((_request, response) => {
      response.writeHead(status, { 'X-Mixed': 'A', 'set-cookie': ['a=1', 'b=2'] }).end('text')
    })
    await using run = await startedRun()
    expect(await ask(run, server.url)).toMatchObject({
      status_code: status,
      body: 'text',
      headers: { 'x-mixed': 'A', 'set-cookie': 'a=1, b=2' },
    })
  })

  test('that redirects is returned and not followed', async () => {
    let count = 0
    await using server = await serving((_request, response) => {
      count++
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    await using run = await startedRun()
    expect(await ask(run, server.url)).toMatchObject({
      status_code: 302,
      headers: { location: '/elsewhere' },
      body: '',
    })
    expect(count).toBe(1)
  })

  test('cannot set the prototype by a header', async () => {
    await using server = await serving(
      (_request, response) => void response.writeHead(200, { ['__proto__']: 'x' }).end(),
    )
    await using run = await startedRun()
    const { headers } = (await ask(run, server.url)) as { headers: object }
    expect(Object.keys(headers)).not.toContain('__proto__')
  })

  test.each([
    ['gzip', gzipSync('grüße')],
    ['x-gzip', gzipSync('grüße')],
    ['deflate', deflateSync('grüße')],
    ['deflate', deflateRawSync('grüße')],
    ['br', brotliCompressSync('grüße')],
    ['zstd', zstdCompressSync('grüße')],
    ['deflate, GZIP', gzipSync(deflateSync('grüße'))],
    ['identity', Buffer.from('grüße')],
    ['unheard-of', Buffer.from('grüße')],
  ])('packed with %s is unpacked', async (coding, body) => {
    await using server = await serving(
      (_request, response) => void response.writeHead(200, { 'content-encoding': coding }).end(body),
    )
    await using run = await startedRun()
    expect(await ask(run, server.url)).toMatchObject({ body: 'grüße' })
  })

  test.each([
    ['text/plain; charset=latin1', [0xfc], 'ü'],
    ['text/plain; charset="utf-16le"', [0xfc, 0], 'ü'],
    ['text/plain; charset=klingon', [0xc3, 0xbc], 'ü'],
    ['text/plain', [0xfc], '\ufffd'],
  ])('of %s is decoded', async (type, bytes, text) => {
    await using server = await serving(
      (_request, response) => void response.writeHead(200, { 'content-type': type }).end(Buffer.from(bytes)),
    )
    await using run = await startedRun()
    expect(await ask(run, server.url)).toMatchObject({ body: text })
  })

  test('that claims a coding and has no body is empty', async () => {
    await using server = await serving(
      (_request, response) => void response.writeHead(204, { 'content-encoding': 'gzip' }).end(),
    )
    await using run = await startedRun()
    expect(await ask(run, server.url)).toMatchObject({ status_code: 204, body: '' })
  })

  test('that never ends is cut off, and so is the connection', async () => {
    const closed = Promise.withResolvers<void>()
    await using server = await serving((_request, response) => {
      response.on('close', closed.resolve)
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      }
      response.on('drain', more)
      more()
    })
    await using run = await startedRun()
    await expect(ask(run, server.url)).rejects.toEqual(
      failed(`body exceeds the limit of ${BODY_BYTES_MAX} bytes`, false),
    )
    await closed.promise
  })

  test.each([
    ['gzip', gzipSync(Buffer.alloc(BODY_BYTES_MAX * 20))],
    ['br', brotliCompressSync(Buffer.alloc(BODY_BYTES_MAX * 20))],
  ])('that swells when unpacked from %s is refused', async (coding, bomb) => {
    await using server = await serving(
      (_request, response) => void response.writeHead(200, { 'content-encoding': coding }).end(bomb),
    )
    await using run = await startedRun()
    await expect(ask(run, server.url)).rejects.toEqual(
      failed(`body exceeds the limit of ${BODY_BYTES_MAX} bytes`, false),
    )
  })

  test('that is packed over and over, or badly, is refused', async () => {
    await using server = await serving((request, response) => {
      response
        .writeHead(200, { 'content-encoding': request.url === '/bad' ? 'gzip' : 'gzip,gzip,gzip,gzip' })
        .end('no gzip')
    })
    await using run = await startedRun()
    await expect(ask(run, server.url)).rejects.toEqual(failed('packed too many times', false))
    await expect(ask(run, `${server.url}/bad`)).rejects.toEqual(failed('not valid gzip', true))
  })
})

describe('what goes wrong on the way may be tried again', () => {
  test('nobody listens', async () => {
    const server = await serving(() => {})
    await server[Symbol.asyncDispose]()
    await using run = await startedRun()
    await expect(ask(run, server.url)).rejects.toEqual(
      failed(/^Tool 'http_request' failed: All connection attempts failed \(ECONNREFUSED\)$/, true),
    )
  })

  test.each([
    ['before the head', (_request: IncomingMessage, _response: ServerResponse) => {}],
    [
      'inside the body',
      (_request: IncomingMessage, response: ServerResponse) => void response.writeHead(200).write('a'),
    ],
  ])('the server falls silent %s', async (_when, listener) => {
    await using server = await serving(listener)
    await using run = await startedRun()
    await expect(ask(run, server.url, { timeout: 0.1 })).rejects.toEqual(failed(/timed out after 0.1 s$/, true))
  })

  test('a server that drips does not stretch the time', async () => {
    await using server = await serving((_request, response) => {
      const drip = setInterval(() => response.write('.'), 10)
      response.on('close', () => clearInterval(drip))
    })
    await using run = await startedRun()
    await expect(ask(run, server.url, { timeout: 0.2 })).rejects.toEqual(failed(/timed out after 0.2 s$/, true))
  })

  test('the connection breaks', async () => {
    await using server = await serving((request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('a', () => request.socket.destroy())
    })
    await using run = await startedRun()
    await expect(ask(run, server.url)).rejects.toEqual(failed(/aborted|ECONNRESET|socket hang up|terminated/, true))
  })

  test.each(['no http at all\r\n\r\n', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`])(
    'the server speaks nonsense',
    async (text) => {
      const server = createTcpServer((socket: Socket) => void socket.on('error', () => {}).end(text)).listen(
        0,
        '127.0.0.1',
      )
      await once(server, 'listening')
      await using run = await startedRun()
      const { port } = server.address() as AddressInfo
      await expect(ask(run, `http://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'tool/failed' })
      server.close()
    },
  )
})

test('when the step is ended the connection is cut', async () => {
  const reached = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  await using server = await serving((_request, response) => {
    response.on('close', closed.resolve)
    reached.resolve()
  })
  await using run = await startedRun()
  const step = new AbortController()
  const answer = ask(run, server.url, {}, step.signal)
  await reached.promise
  const reason = new Error('cancelled')
  step.abort(reason)
  await expect(answer).rejects.toBe(reason)
  await closed.promise
})

describe('on a worker', () => {
  test.each(['127.0.0.1', 'localhost', '[::1]', '2130706433'])(
    '%s is refused before anything is sent',
    async (host) => {
      let count = 0
      await using server = await serving(() => void count++)
      await using run = await startedRun({ floor: {} })
      await expect(ask(run, `http://${host}:${server.port}/`)).rejects.toMatchObject({
        code: 'sandbox/violation',
        message: expect.stringContaining('resolves to an internal address'),
        help: expect.stringContaining('floor'),
      })
      expect(count).toBe(0)
    },
  )

  test.skipIf(nameOfThisMachine === null)(
    'a name is refused while connecting, when it resolves to an internal address',
    async () => {
      await using server = await serving(() => {})
      await using run = await startedRun({ floor: {} })
      await expect(ask(run, `http://${nameOfThisMachine}:${server.port}/`)).rejects.toMatchObject({
        code: 'sandbox/violation',
        message: expect.stringContaining('resolves to an internal address'),
      })
    },
  )

  test('the operator may open internal addresses', async () => {
    await using server = await serving((_request, response) => void response.end('in'))
    await using run = await startedRun({ floor: { allowInternalAddresses: true } })
    expect(await ask(run, server.url)).toMatchObject({ body: 'in' })
  })

  test('a list of domains cannot be passed by a Host header', async () => {
    await using run = await startedRun({ floor: { allowInternalAddresses: true, allowedDomains: ['127.0.0.1'] } })
    await expect(ask(run, 'http://127.0.0.1:1/', { headers: { HOST: 'other' } })).rejects.toMatchObject({
      code: 'sandbox/violation',
    })
  })

  test('no network means none', async () => {
    await using run = await startedRun({ floor: { allowNetwork: false } })
    await expect(ask(run, 'https://example.org/')).rejects.toThrow('Network access is blocked by sandbox policy')
  })
})
