import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { keyGuard } from './api-key.ts'

const KEY = 'a-key-of-24-characters!!'
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`

function request(...authorization: string[]): IncomingMessage {
  const rawHeaders = authorization.flatMap((value) => ['Authorization', value])
  // Node keeps the first of two.
  return { headers: { authorization: authorization[0] }, rawHeaders } as Partial<IncomingMessage> as IncomingMessage
}

test.each([`Bearer ${KEY}`, `bearer ${KEY}`, basic(`:${KEY}`), basic(`anyone:${KEY}`)])(
  'the key opens: %s',
  (authorization) => {
    expect(() => keyGuard(KEY)(request(authorization))).not.toThrow()
  },
)

test.each([
  [[]],
  [['Bearer']],
  [['bearer x']],
  [['Basic eDp5']],
  [['Basic !!!']],
  [[KEY]],
  [[`Bearer ${KEY}x`]],
  [[`Bearer ${KEY.slice(1)}`]],
  [[`Bearer ${'x'.repeat(1_000_000)}`]],
  [[`Digest ${KEY}`]],
  [[`Bearer ${KEY}`, `Bearer ${KEY}`]],
  [[basic(KEY.slice(0, 5))]],
])('anything else does not, and never breaks: %j', (authorization) => {
  expect(() => keyGuard(KEY)(request(...authorization))).toThrow(
    expect.objectContaining({
      status: 401,
      code: 'http/unauthorized',
      headers: expect.objectContaining({ 'www-authenticate': expect.stringContaining('Basic') }),
    }),
  )
})
