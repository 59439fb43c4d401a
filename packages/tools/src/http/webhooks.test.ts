import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SandboxSettings } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { floorSchema } from '../floor.ts'
import { SANDBOX_OFF } from '../run-folder.fixture.ts'
import { createWebhooks } from './webhooks.ts'

async function receiver(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const internal: SandboxSettings = { ...SANDBOX_OFF, allowInternalWebhookTargets: true }

function send(url: string, sandbox: SandboxSettings, floor: Parameters<typeof createWebhooks>[0]['floor'] = 'trusted') {
  const headers = { 'content-type': 'application/json', 'x-team': 'a', 'content-length': '1' }
  return createWebhooks({ floor }).post({ url, headers, body: '{"ü":1}', sandbox, signal: AbortSignal.timeout(5_000) })
}

test('a notification is one POST with the headers and the body as given', async () => {
  const seen: unknown[] = []
  const note = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    seen.push([request.method, request.url, request.headers['x-team'], request.headers['content-type'], body])
    response.end('ok')
  }
  await using at = await receiver((request, response) => void note(request, response))
  await send(at.url, internal)
  expect(seen).toEqual([['POST', '/hook', 'a', 'application/json', '{"ü":1}']])
})

test.each([
  [301, false],
  [404, false],
  [429, true],
  [503, true],
])('an answer of %i is a failure', async (status, retryable) => {
  await using at = await receiver((_request, response) => void response.writeHead(status, { location: '/' }).end())
  await expect(send(at.url, internal)).rejects.toMatchObject({ code: 'tool/failed', retryable })
})

test.each([
  'http://127.0.0.1:1/',
  'http://localhost/',
  'http://a.localhost./',
  'http://[::1]/',
  'http://[::ffff:10.0.0.1]/',
  'http://2130706433/',
  'http://169.254.169.254/latest/meta-data',
  'http://100.64.0.1/',
  'file:///etc/passwd',
  'ftp://example.org/',
])('%s is refused before anything is sent, with the sandbox off', async (url) => {
  await expect(send(url, SANDBOX_OFF)).rejects.toMatchObject({ code: 'sandbox/violation', retryable: false })
})

test('the sandbox’s network rules hold, too, and the opt-in does not open them', async () => {
  const closed: SandboxSettings = { ...internal, enabled: true, allowNetwork: false }
  await expect(send('http://127.0.0.1:1/', closed)).rejects.toMatchObject({ code: 'sandbox/violation' })
  const listed: SandboxSettings = { ...internal, enabled: true, allowedDomains: ['hooks.example'] }
  await expect(send('http://127.0.0.1:1/', listed)).rejects.toMatchObject({ code: 'sandbox/violation' })
})

test('on a worker the operator’s floor has the last word on internal addresses', async () => {
  await expect(send('http://127.0.0.1:1/', internal, floorSchema.parse({}))).rejects.toMatchObject({
    code: 'sandbox/violation',
  })
})
