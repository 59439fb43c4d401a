import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { type WorkerFlags, workerSettings } from './worker-settings.ts'

const redis = 'redis://localhost'

test('without flags: 64 steps at once, ten seconds of grace, no health port, everything in .agentloom', () => {
  expect(workerSettings({ redis }, {})).toMatchObject({
    redis,
    prefix: 'al',
    concurrency: 64,
    queues: ['default'],
    functions: [],
    health: null,
    graceMs: 10_000,
    home: resolve('.agentloom'),
    workDir: resolve('.agentloom/work'),
    strayErrors: 'log',
    logLevel: 'info',
  })
})

test('numbers may come as text, flags that are undefined and variables that are empty count as left out', () => {
  const flags = { redis, concurrency: '8', healthPort: '0', grace: '0.5', functions: 'a.ts', name: undefined }
  const settings = workerSettings(JSON.parse(JSON.stringify(flags)), {
    AGENTLOOM_PREFIX: '',
    AGENTLOOM_LOG_LEVEL: 'DEBUG',
  })
  expect(settings).toMatchObject({
    concurrency: 8,
    queues: ['default'],
    health: { host: '127.0.0.1', port: 0 },
    graceMs: 500,
    functions: ['a.ts'],
    prefix: 'al',
    logLevel: 'debug',
  })
})

test('Redis: the flag wins over AGENTLOOM_REDIS_URL, which wins over REDIS_URL', () => {
  const both = { AGENTLOOM_REDIS_URL: 'redis://b', REDIS_URL: 'redis://c' }
  expect(workerSettings({ redis }, both).redis).toBe(redis)
  expect(workerSettings({}, both).redis).toBe('redis://b')
  expect(workerSettings({}, { REDIS_URL: 'redis://c' }).redis).toBe('redis://c')
  expect(() => workerSettings({}, {})).toThrow(expect.objectContaining({ code: 'config/no-redis' }))
})

test.each<[string, unknown, string]>([
  ['concurrency', 0, '--concurrency'],
  ['concurrency', '1e3', '--concurrency'],
  ['concurrency', '0x10', '--concurrency'],
  ['concurrency', '', '--concurrency'],
  ['concurrency', 1.5, '--concurrency'],
  ['healthPort', 70_000, '--health-port'],
  ['healthPort', '80a', '--health-port'],
  ['grace', '-1', '--grace'],
  ['grace', '5s', '--grace'],
  ['grace', Number.NaN, '--grace'],
  ['name', 'a b', '--name'],
  ['functions', [''], '--functions'],
  ['concurency', 8, '--concurency'],
])('a flag that cannot be meant is named: %s %j', (flag, value, place) => {
  const flags: WorkerFlags = { redis, [flag]: value }
  expect(() => workerSettings(flags, {})).toThrow(expect.objectContaining({ code: 'config/option', place }))
})

test.each([
  ['AGENTLOOM_PREFIX', 'a:b'],
  ['AGENTLOOM_LOG_LEVEL', 'loud'],
  ['AGENTLOOM_LOG_FORMAT', 'xml'],
  ['AGENTLOOM_STRAY_ERRORS', 'true'],
])('a variable that cannot be meant is named: %s=%s', (name, value) => {
  expect(() => workerSettings({ redis }, { [name]: value })).toThrow(
    expect.objectContaining({ code: 'config/environment', place: name, message: expect.stringContaining(value) }),
  )
})

test('an environment is read by its own names only', () => {
  expect(workerSettings({ redis }, Object.create({ AGENTLOOM_PREFIX: 'inherited' })).prefix).toBe('al')
})
