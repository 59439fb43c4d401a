import type { SandboxSettings } from '@agentloom/workflow'
import { describe, expect, test } from 'vitest'
import { closedFloor, type Floor } from '../floor.ts'
import { SANDBOX_OFF } from '../run-folder.fixture.ts'
import { allowedTarget } from './network.ts'
import { policyOf } from './policy.ts'

const target = (url: string, sandbox: Partial<SandboxSettings> | null, floor: Partial<Floor> | 'trusted' = 'trusted') =>
  allowedTarget(
    url,
    policyOf(
      sandbox === null ? SANDBOX_OFF : { ...SANDBOX_OFF, ...sandbox, enabled: true },
      floor === 'trusted' ? floor : { ...closedFloor(), ...floor },
      '/run',
    ),
  )

describe('the rules in their order', () => {
  const sandbox = { allowNetwork: false, allowedSchemes: ['HTTPS'], allowedDomains: ['api.example.com'] }
  test.each([
    ['file:///etc/hostname', sandbox, 'Network access is blocked by sandbox policy'],
    ['http://x.org/', { ...sandbox, allowNetwork: true }, "URL scheme 'http' is not allowed. Allowed: ['https']"],
    ['x.org/', {}, "URL scheme '' is not allowed. Allowed: ['http', 'https']"],
    [
      'HTTPS://evil.com/',
      { ...sandbox, allowNetwork: true },
      "Domain 'evil.com' not in allowed domains. Allowed: ['api.example.com']",
    ],
    ['https://sub.api.example.com/', { ...sandbox, allowNetwork: true }, "Domain 'sub.api.example.com' not in"],
    ['https://api.example.com./', { ...sandbox, allowNetwork: true }, "Domain 'api.example.com.' not in"],
    ['https://api.example.com@evil.com/', { ...sandbox, allowNetwork: true }, "Domain 'evil.com' not in"],
    ['https://api.example.com\\@evil.com/', { allowedDomains: ['evil.com'] }, "Domain 'api.example.com' not in"],
  ])('%s', (url, settings, message) => {
    expect(() => target(url, settings)).toThrow(message)
  })

  test('the host is compared without port, user and case', () => {
    const settings = { allowedDomains: ['API.example.com', 'bücher.example'] }
    expect(target('https://evil.com:x@api.EXAMPLE.com:8443/', settings).url.host).toBe('api.example.com:8443')
    expect(target('https://xn--bcher-kva.example/', settings).isChecked).toBe(false)
  })
})

test.each([
  ['x.org', "Request URL is missing an 'http://' or 'https://' protocol."],
  ['ftp://x.org/', "Request URL has an unsupported protocol 'ftp://'."],
  ['http://a b/', "'http://a b/' is not a URL"],
])('without any rules %s is still no request', (url, message) => {
  expect(() => target(url, null)).toThrow(message)
})

describe('internal addresses', () => {
  const FORMS = [
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://127.1/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.0.0.1./',
    'http://①②⑦.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://169.254.169.254/latest',
    'http://0/',
    'http://localhost./',
    'http://a.localhost/',
  ]
  test.each(FORMS)('%s is refused under a sandbox and on a worker', (url) => {
    expect(() => target(url, {})).toThrow(/^Hostname '.*' resolves to an internal address$/)
    expect(() => target(url, null, {})).toThrow(/resolves to an internal address/)
  })
  test.each(FORMS)('%s is open to a trusted run without a sandbox', (url) => {
    expect(target(url, null).isChecked).toBe(false)
  })
  test('a workflow may name an internal host, and cannot widen the floor by it', () => {
    const settings = { allowedDomains: ['127.0.0.1'] }
    expect(target('http://127.0.0.1/', settings).isChecked).toBe(false)
    expect(() => target('http://127.0.0.1/', settings, {})).toThrow(/internal address/)
    expect(target('http://127.0.0.1/', settings, { allowInternalAddresses: true }).isChecked).toBe(false)
  })
})
