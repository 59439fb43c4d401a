import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ownEnvironment } from './io/environment.ts'
import { settingsPage, settingNames } from './settings-page.ts'
import { readSettings } from './settings.ts'

const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'settings.md')

test('docs/settings.md says what the tables say', () => {
  if (process.env['AGENTLOOM_WRITE_DOCS'] === '1') writeFileSync(PAGE, settingsPage())
  expect(readFileSync(PAGE, 'utf8')).toBe(settingsPage())
})

test('no program has more settings than anybody can learn', () => {
  for (const names of settingNames()) expect(names.length).toBeLessThanOrEqual(25)
})

test('empty is not set', () => {
  expect(readSettings({ AGENTLOOM_MAX_CONCURRENT_STEPS: '', AGENTLOOM_HOME: '' })).toMatchObject({
    AGENTLOOM_HOME: '.agentloom',
  })
})

test.each([
  ['AGENTLOOM_MAX_CONCURRENT_STEPS', '"8"'],
  ['AGENTLOOM_MAX_CONCURRENT_STEPS', '5s'],
  ['AGENTLOOM_MAX_CONCURRENT_STEPS', '1e3'],
  ['AGENTLOOM_MAX_CONCURRENT_STEPS', '0'],
  ['AGENTLOOM_CHECKPOINT', 'maybe'],
  ['AGENTLOOM_BUDGET_LIMIT', '0x10'],
  ['AGENTLOOM_COMPAT', 'langchain'],
])('%s=%s is refused by name and value', (name, value) => {
  expect(() => readSettings({ [name]: value })).toThrow(
    expect.objectContaining({ code: 'config/environment', place: name, message: expect.stringContaining(value) }),
  )
})

test('false means false', () => {
  expect(readSettings({ AGENTLOOM_CHECKPOINT: 'false' }).AGENTLOOM_CHECKPOINT).toBe(false)
  expect(readSettings({ AGENTLOOM_CHECKPOINT: 'on' }).AGENTLOOM_CHECKPOINT).toBe(true)
})

test('variables named like the machinery of objects are nobody’s', () => {
  const environment = ownEnvironment({ ['__proto__']: 'x' })
  expect('toString' in environment).toBe(false)
  expect(readSettings(environment)).toMatchObject({ AGENTLOOM_PREFIX: 'al' })
})
