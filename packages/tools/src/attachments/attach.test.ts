import { createServer, type RequestListener } from 'node:http'
import type { Attachment, AttachmentSource } from '@agentloom/engine/ports'
import type { SandboxSettings } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { closedFloor } from '../floor.ts'
import { policyOf } from '../policy/policy.ts'
import { SANDBOX_OFF, startedRun, type RunSetting } from '../run-folder.fixture.ts'
import { download } from './download.ts'

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0])

async function attached(source: Partial<AttachmentSource>, setting: RunSetting = {}): Promise<Attachment> {
  await using run = await startedRun(setting)
  const sandbox: SandboxSettings =
    setting.sandbox === undefined ? SANDBOX_OFF : { ...SANDBOX_OFF, ...setting.sandbox, enabled: true }
  return await run.box.attach(
    { type: 'image', source: '', mediaType: null, fetch: 'local', ...source },
    {
      signal: new AbortController().signal,
      runId: 'run1',
      stepId: 'step1',
      idempotencyKey: 'k',
      runFolder: run.folder,
      sandbox,
    },
  )
}

test('a file of the run’s folder, its type from its name', async () => {
  const files = { 'in/a.PNG': PNG, 'b.mp3': 'ID3…', 'c.pdf': '%PDF-1.7', plain: 'x' }
  expect(await attached({ source: 'in/a.PNG' }, { files })).toEqual({
    kind: 'image',
    mediaType: 'image/png',
    data: PNG.toString('base64'),
  })
  expect(await attached({ source: 'b.mp3', type: 'audio' }, { files })).toMatchObject({
    kind: 'audio',
    mediaType: 'audio/mpeg',
  })
  expect(await attached({ source: 'c.pdf', type: 'pdf' }, { files })).toMatchObject({
    kind: 'document',
    mediaType: 'application/pdf',
  })
  expect(await attached({ source: 'plain', type: 'audio' }, { files })).toMatchObject({ mediaType: 'audio/wav' })
  expect(await attached({ source: 'plain', mediaType: 'image/x-own' }, { files })).toMatchObject({
    mediaType: 'image/x-own',
  })
})

test('data, in an address or bare', async () => {
  const long = Buffer.alloc(60, 7).toString('base64')
  expect(await attached({ source: 'data:image/gif;base64,AAAA' })).toEqual({
    kind: 'image',
    mediaType: 'image/gif',
    data: 'AAAA',
  })
  expect(await attached({ source: long })).toEqual({ kind: 'image', mediaType: 'image/png', data: long })
  await expect(attached({ source: 'data:text/plain,hello' })).rejects.toThrow(/must be data:<media type>;base64/)
  await expect(attached({ source: 'AAAA' })).rejects.toThrow(/No such file/) // too short to be data
})

test('content that is surely another type is refused', async () => {
  const files = { 'a.pdf': PNG }
  await expect(attached({ source: 'a.pdf', type: 'pdf' }, { files })).rejects.toMatchObject({
    code: 'attachment/failed',
    retryable: false,
    help: 'write type: image',
  })
})

test('files lie under the rules of file_read', async () => {
  const files = { 'private/a.png': PNG, 'open/a.png': PNG }
  const sandbox = { readablePaths: ['open'] }
  expect(await attached({ source: 'open/a.png' }, { files, sandbox })).toMatchObject({ kind: 'image' })
  const refused = { code: 'attachment/refused', retryable: false }
  await expect(attached({ source: 'private/a.png' }, { files, sandbox })).rejects.toMatchObject(refused)
  await expect(attached({ source: 'open/../private/a.png' }, { files, sandbox })).rejects.toMatchObject(refused)
  await expect(attached({ source: 'open/a.png' }, { files, sandbox: {} })).rejects.toMatchObject(refused)
  await expect(attached({ source: '/etc/passwd' }, { floor: {} })).rejects.toMatchObject(refused)
})

test('a file beyond 20 MiB is not read', async () => {
  const files = { 'large.png': Buffer.alloc(20 * 1024 * 1024 + 1) }
  await expect(attached({ source: 'large.png' }, { files })).rejects.toThrow(
    "Attachment 'large.png' is 20.0 MB, exceeds limit of 20 MB",
  )
})

test.each([
  '',
  ' ',
  'http://127.0.0.1/a.png',
  'http://localhost/a.png',
  'http://169.254.169.254/latest',
  'http://2130706433/',
  'http://[::ffff:10.0.0.1]/',
  'HTTP://10.1.2.3/a',
  'http://224.0.0.1/',
])('%j is refused, whether it is fetched here or by the vendor', async (source) => {
  await expect(attached({ source })).rejects.toThrow(/^Attachment resolution error: /)
  await expect(attached({ source, fetch: 'provider' })).rejects.toThrow(/^Attachment resolution error: /)
})

test('the rules of the network hold with the sandbox off', async () => {
  const source = 'https://example.com/a.png'
  const off = (settings: Partial<SandboxSettings>) => async () => {
    await using run = await startedRun()
    const context = { runId: 'r', stepId: 's', idempotencyKey: 'k', runFolder: run.folder }
    const signal = new AbortController().signal
    const sandbox = { ...SANDBOX_OFF, ...settings }
    return await run.box.attach(
      { type: 'image', source, mediaType: null, fetch: 'local' },
      { ...context, signal, sandbox },
    )
  }
  await expect(off({ allowNetwork: false })()).rejects.toMatchObject({ code: 'attachment/refused' })
  await expect(off({ allowedDomains: ['other.example'] })()).rejects.toThrow(/'example.com' not in allowed domains/)
})

test('only images are left to the vendor', async () => {
  await expect(attached({ source: 'https://93.184.216.34/a.pdf', type: 'pdf', fetch: 'provider' })).rejects.toThrow(
    "only supported for images, not 'pdf'",
  )
  expect(await attached({ source: 'https://93.184.216.34/a.webp', fetch: 'provider' })).toEqual({
    kind: 'image-url',
    mediaType: 'image/webp',
    url: 'https://93.184.216.34/a.webp',
  })
})

async function web(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  }
}

/** As an operator's who allows internal addresses: what is behind them can be tested. */
const open = policyOf(SANDBOX_OFF, { ...closedFloor(), allowInternalAddresses: true }, '/')
const never = new AbortController().signal

test('a download follows five redirects and tells the type that the server says', async () => {
  await using site = await web(({ url = '' }, response) => {
    const hop = Number(url.slice(1))
    if (hop > 0) response.writeHead(302, { location: `/${hop - 1}` }).end()
    else response.writeHead(200, { 'content-type': 'Image/PNG; q=1' }).end(PNG)
  })
  expect(await download(`${site.url}/5`, open, never)).toEqual({ bytes: PNG, contentType: 'image/png' })
  await expect(download(`${site.url}/6`, open, never)).rejects.toThrow('more than 5 redirects')
})

test('every hop is under the rules', async () => {
  await using site = await web(
    (_request, response) => void response.writeHead(302, { location: 'http://[::1]/' }).end(),
  )
  const domains = { ...closedFloor(), allowInternalAddresses: true, allowedDomains: ['127.0.0.1'] }
  await expect(download(site.url, policyOf(SANDBOX_OFF, domains, '/'), never)).rejects.toThrow(
    /Domain '::1' not in allowed/,
  )
})

test.each([
  ['an error', 404, {}, 'x', / answered 404/],
  ['too much, announced', 200, { 'content-length': String(21 * 1024 * 1024) }, '', /exceeds limit of 20 MB/],
  ['too much', 200, {}, 'x'.repeat(21 * 1024 * 1024), /exceeds 20 MB during download/],
  ['something packed', 200, { 'content-encoding': 'gzip' }, 'x', /is packed/],
])('%s is no attachment', async (_what, status, headers, body, message) => {
  await using site = await web((_request, response) => {
    response.on('error', () => undefined)
    response.writeHead(status, headers)
    response.end(body)
  })
  await expect(download(`${site.url}/a`, open, never)).rejects.toThrow(message)
})
