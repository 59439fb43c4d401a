import { expect, test } from 'vitest'
import { createLogger, type LoggerOptions } from './logger.ts'
import { parseLogLevel } from './levels.ts'
import { secretsOf } from './redact.ts'

function logged(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const log = createLogger({
    name: 'engine',
    level: 'debug',
    destination: { write: (line) => void lines.push(line) },
    ...options,
  })
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}')
  return { log, lines, last }
}

test('a line carries the names that log consumers parse', () => {
  const { log, last } = logged({ bindings: { workflow: 'triage' } })
  log.child({ runId: 'r1' }).warn({ stepId: 'draft', attempt: 2 }, 'retry')
  expect(last()).toEqual({
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/),
    level: 'WARNING',
    logger: 'agentloom.engine',
    message: 'retry',
    workflow: 'triage',
    run_id: 'r1',
    step_id: 'draft',
    attempt: 2,
  })
})

test('an error is written with its type, its code and its stack', () => {
  const { log, last } = logged()
  log.error(Object.assign(new TypeError('no'), { code: 'room/what' }), 'step failed')
  expect(last()).toMatchObject({
    level: 'ERROR',
    message: 'step failed',
    exception: { type: 'TypeError', message: 'no', code: 'room/what' },
  })
})

test('below the level nothing is written; an unknown level means info', () => {
  const { log, lines } = logged({ level: parseLogLevel('Warning') })
  log.info('quiet')
  expect(lines).toEqual([])
  expect(parseLogLevel('loud')).toBe('info')
  expect(parseLogLevel(undefined)).toBe('info')
})

test('text is for people', () => {
  const { log, lines } = logged({ format: 'text' })
  log.info({ runId: 'r1', tokens: 12 }, '\u001b[2Jstarted')
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d \[INFO ] agentloom\.engine: \[2Jstarted {2}run_id=r1 {2}tokens=12\n$/)
})

test.each([
  [
    'a field whose name says it',
    { config: { apiKey: 'abc', api_key: 'abc', nested: [{ Authorization: 'Bearer abc' }] } },
  ],
  ['a password', { password: 'abc' }],
  ['a password in a URL', { url: 'redis://:abc@host:6379/0' }],
  ['a user and password in a URL', { url: 'rediss://user:abc@host' }],
  ['a bearer token in a text', { header: 'Bearer abc123456' }],
  ['a key in a query', { url: 'https://host/v1?key=abc&x=1' }],
])('%s is redacted', (_, fields) => {
  const { log, lines, last } = logged()
  log.info(fields, 'with a secret')
  expect(lines[0]).toContain('[redacted]')
  expect(lines[0]).not.toContain('abc')
  expect(last()['message']).toBe('with a secret')
})

test('the values of secret variables are redacted wherever they stand, quotes and all', () => {
  const secrets = secretsOf({
    OPENAI_API_KEY: 'sk-"quoted"-1',
    REDIS_URL: 'redis://:hunter22@localhost',
    HOME: '/root',
    ODD: 'redis://:%zz@host',
  })
  expect(secrets).toEqual(['sk-"quoted"-1', 'hunter22', 'hunter22', '%zz', '%zz'])
  const { log, lines } = logged({ secrets })
  log.error({ err: new Error('401 for sk-"quoted"-1'), deep: { list: ['hunter22'] } }, 'refused sk-"quoted"-1')
  expect(lines[0]).not.toMatch(/quoted|hunter22/)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: 'refused [redacted]', deep: { list: ['[redacted]'] } })
})

test('what only looks like a secret stays', () => {
  const { log, last } = logged()
  const fields = {
    tokens: 12,
    token_type: 'input',
    tokensMax: 5,
    keys: ['a'],
    passed: true,
    url: 'https://host:8080/a?b=c',
  }
  log.info(fields, 'Basic authentication')
  expect(last()).toMatchObject({ ...fields, message: 'Basic authentication' })
})
