import { expect, test } from 'vitest'
import { type ServerFlags, serverSettings } from './server-settings.ts'

const redis = 'redis://localhost'
const KEY = 'a-key-of-24-characters!!'

test('without flags: loopback, port 8642, no key', () => {
  expect(serverSettings({ redis }, {})).toMatchObject({ host: '127.0.0.1', port: 8642, apiKey: null, workflows: null })
})

test('the key: the flag wins over the variable, and opens other addresses', () => {
  const settings = serverSettings({ redis, host: '0.0.0.0' }, { AGENTLOOM_API_KEY: KEY })
  expect(settings).toMatchObject({ host: '0.0.0.0', apiKey: KEY })
  expect(serverSettings({ redis, apiKey: `${KEY}2` }, { AGENTLOOM_API_KEY: KEY }).apiKey).toBe(`${KEY}2`)
})

// H20 of the bad input: Node would make a socket file of '80a', and listen everywhere for an undefined port.
test.each<[string, unknown, string]>([
  ['port', 70_000, '--port'],
  ['port', '80a', '--port'],
  ['port', '', '--port'],
  ['port', '-1', '--port'],
  ['port', null, '--port'],
  ['host', '', '--host'],
  ['prot', 80, '--prot'],
])('a flag that cannot be meant is named: %s %j', (flag, value, place) => {
  const flags: ServerFlags = { redis, [flag]: value }
  expect(() => serverSettings(flags, {})).toThrow(expect.objectContaining({ code: 'config/option', place }))
})

test.each([
  ['0.0.0.0', undefined, 'server/no-api-key'],
  ['::', undefined, 'server/no-api-key'],
  ['127.0.0.1.evil.example', undefined, 'server/no-api-key'],
  ['127.0.0.1', 'short', 'server/weak-api-key'],
  ['0.0.0.0', 'short', 'server/weak-api-key'],
])('%s with the key %s is not served', (host, apiKey, code) => {
  expect(() => serverSettings({ redis, host, apiKey }, {})).toThrow(expect.objectContaining({ code }))
})
