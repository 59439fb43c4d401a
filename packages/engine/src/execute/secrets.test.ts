import { compileYaml, defineFunction } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { MemoryRuntime } from '../testing/memory-runtime.ts'
import { scriptedTools } from './scripted.fixture.ts'
import { environmentSecrets } from './secrets.ts'

const startMs = new MemoryRuntime().clock.now()
const KEY = 'sk-very-secret'
const plan = compileYaml(`
name: t
steps:
  - id: call
    type: tool
    tool_name: send
    tool_args: {auth: "Bearer {secrets.API_KEY}", to: "{state.to}"}
    output: sent`).plan

test('a secret reaches the tool, and nothing else', async () => {
  const { box, calls } = scriptedTools({ send: { run: (args) => ({ echo: args, list: [`<${KEY}>`] }) } })
  const runtime = new MemoryRuntime({ tools: box, secrets: async (name) => (name === 'API_KEY' ? KEY : null) })
  const view = await runtime.run(plan, { to: 'Ada' })
  expect(calls[0]?.args).toEqual({ auth: `Bearer ${KEY}`, to: 'Ada' })
  expect(view.state['sent']).toEqual({ echo: { auth: 'Bearer ***', to: 'Ada' }, list: ['<***>'] })
  expect(JSON.stringify(await runtime.journal.load('run'))).not.toContain(KEY)
  expect(JSON.stringify(runtime.events)).not.toContain(KEY)
})

test('errors and logs do not tell it', async () => {
  const handler = defineFunction({
    name: 'use',
    input: z.object({}),
    async run(_input, ctx) {
      const key = await ctx.secret('API_KEY')
      ctx.log(`with ${key}`, { headers: { auth: key } })
      throw new Error(`refused: ${key}`)
    },
  })
  const uses = compileYaml('name: t\nsteps: [{id: f, type: function, handler: use, retry: {max_retries: 0}}]').plan
  const runtime = new MemoryRuntime({ functions: [handler], secrets: async () => KEY })
  const view = await runtime.run(uses)
  expect(view.steps[0]?.error?.message).toBe('Error: refused: ***')
  expect(runtime.events).toContainEqual(
    expect.objectContaining({ kind: 'step-log', message: 'with ***', fields: { headers: { auth: '***' } } }),
  )
  expect(JSON.stringify(runtime.events)).not.toContain(KEY)
})

test('items of a foreach do not tell it, in results, errors or notes', async () => {
  const each = compileYaml(`
name: t
steps:
  - id: each
    type: foreach
    items: [a, b]
    step: {type: tool, tool_name: send, tool_args: {auth: "{secrets.API_KEY}", to: "{state.item}"}, retry: {max_retries: 0}}
    retry: {max_retries: 0}`).plan
  const { box } = scriptedTools({
    send: {
      run({ auth, to }) {
        if (to === 'b') throw new Error(`refused ${String(auth)}`)
        return `sent with ${String(auth)}`
      },
    },
  })
  const runtime = new MemoryRuntime({ tools: box, secrets: async () => KEY })
  const view = await runtime.run(each)
  expect(view.steps[0]?.error?.message).toBe('item 1: Error: refused ***')
  const records = JSON.stringify(await runtime.journal.load('run'))
  expect(records).toContain('sent with ***')
  expect(records).not.toContain(KEY)
})

test('without the secret the step waits, at no attempt, until it is there', async () => {
  let looks = 0
  const { box, calls } = scriptedTools({ send: { run: () => 'ok' } })
  const runtime = new MemoryRuntime({ tools: box, secrets: async () => (++looks < 3 ? null : KEY) })
  const view = await runtime.run(plan, { to: 'Ada' })
  expect(view).toMatchObject({ status: 'success', steps: [{ attempts: 1 }] })
  expect([looks, calls.length, runtime.clock.now()]).toEqual([3, 1, startMs + 60_000])
  const waits = (await runtime.journal.load('run'))?.records.filter(({ kind }) => kind === 'waiting')
  expect(waits).toMatchObject([{ wait: { reason: 'no-secret', message: 'there is no secret API_KEY' } }, {}])
})

test('the environment has secrets, and the engine’s own settings are none', async () => {
  process.env['H4_TEST_SECRET'] = 'x1'
  process.env['AGENTLOOM_H4'] = 'x2'
  expect(await environmentSecrets('H4_TEST_SECRET')).toBe('x1')
  expect(await environmentSecrets('AGENTLOOM_H4')).toBe(null)
  expect(await environmentSecrets('REDIS_URL')).toBe(null)
  expect(await environmentSecrets('toString')).toBe(null)
})
