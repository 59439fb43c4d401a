import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startOpenAIServer } from '@agentloom/gateway/testing'
import { expect, test } from 'vitest'
import { call, folderWith } from '../io/fake-io.fixture.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')

const report = (): string => readFileSync(join(ROOT, 'out', 'incident.md'), 'utf8')
const inFolder = () => ({ AGENTLOOM_HOME: folderWith() })

test('without a key recorded answers are replayed, which is said, and fit the log', async () => {
  const { code, stdout, stderr } = await call(['start'], { env: inFolder() })
  expect(code).toBe(0)
  expect(stderr).toBe(
    'no provider key found: replaying recorded answers (set OPENAI_API_KEY or run Ollama for live ones)\n',
  )
  const digits = '\\d+ m?s'
  expect(stdout).toMatch(new RegExp(`✓ read_log +${digits}   2538 lines, 15:48:13 to 15:54:08\\n`))
  expect(stdout).toMatch(new RegExp(`✓ digest +${digits}   8 distinct errors\\n`))
  expect(stdout).toMatch(new RegExp(`✓ classify +${digits}   940 tokens   \\$0.0006   gpt-5-mini\\n`))
  expect(stdout).toMatch(new RegExp(`✓ route +${digits}   → page_oncall\\n`))
  expect(stdout).toContain('skipped: route chose page_oncall')
  expect(stdout).toMatch(/success in .* · 3,151 tokens · \$0\.0028 · report: out\/incident\.md\nnext: agentloom show /)
  // What the answers claim is what the scripts counted.
  expect(report()).toContain('346 of 2,194 requests')
  expect(report()).toContain('2194 requests: 1705 2xx, 0 3xx, 139 4xx, 346 5xx')
})

test('with a key the real provider is asked', async () => {
  await using server = await startOpenAIServer()
  const say = (text: string) => ({ kind: 'answer' as const, text, model: 'gpt-5-mini-2025-08-07' })
  server.next(say('TICKET'), say('Things broke.'), say('Mend them'))
  const { code, stdout, stderr } = await call(['start', '--json'], {
    env: { ...inFolder(), OPENAI_API_KEY: 'sk-test-1234567890', OPENAI_BASE_URL: server.url },
  })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ status: 'success', state: { verdict: 'TICKET', ticket: 'Mend them' } })
  expect(server.requests.map(({ body }) => body?.['model'])).toEqual(['gpt-5-mini', 'gpt-5-mini', 'gpt-5-mini'])
  expect(JSON.stringify(server.requests[0]?.body)).toContain('167 × connect() failed')
  expect(report()).toContain('# Ticket\n\nMend them')
  expect(stdout).not.toContain('sk-test')
})

test('Ollama’s own model stands in where it has none of that name', async () => {
  await using server = await startOpenAIServer({ models: ['llama3.2:latest'] })
  const { code, stdout } = await call(['start', '--json'], { env: { ...inFolder(), OLLAMA_BASE_URL: server.url } })
  expect(JSON.parse(stdout)).toMatchObject({
    status: 'success',
    state: { verdict: 'Hello' },
    steps: { note_noise: { status: 'success' } },
  })
  expect(server.requests[0]?.body?.['model']).toBe('llama3.2:latest')
  expect(code).toBe(0)
})

test('a key of a vendor that is not served yet is not passed over in silence', async () => {
  const { stderr } = await call(['start'], { env: { ...inFolder(), ANTHROPIC_API_KEY: 'sk-ant-secret' } })
  expect(stderr).toContain('ANTHROPIC_API_KEY is set, but this version does not serve anthropic yet')
  expect(stderr).not.toContain('secret')
})

test('a log that is not there ends the run before a model is asked', async () => {
  const args = [
    'run',
    'examples/incident-triage/workflow.yaml',
    '--state',
    'log=nothing.log',
    '--mock-responses',
    'examples/incident-triage/recorded.json',
  ]
  const { code, stdout } = await call(args, { cwd: ROOT, env: inFolder() })
  expect(stdout).toMatch(/✓ read_log .* exit code 2: .*nothing\.log/)
  expect(stdout).toMatch(/✗ log_is_there/)
  expect(stdout).toContain('failed in')
  expect(code).toBe(1)
})
