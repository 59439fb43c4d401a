import { compileYaml } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import type { AttachmentSource } from '../ports/toolbox.ts'
import { MemoryRuntime } from '../testing/memory-runtime.ts'
import { scriptedModel, scriptedTools } from './scripted.fixture.ts'

const planOf = (step: string) =>
  compileYaml(`name: t\nsteps:\n  - {id: a, type: llm_call, prompt: "What is {state.name}?", output: said, ${step}}`)
    .plan

test('attachments come behind the text, their sources rendered', async () => {
  const sources: AttachmentSource[] = []
  const { box } = scriptedTools({})
  const tools = {
    ...box,
    attach: async (source: AttachmentSource) => {
      sources.push(source)
      return { kind: 'image', mediaType: 'image/png', data: source.source } as const
    },
  }
  const { models, requests } = scriptedModel(() => 'a cat')
  const plan = planOf(
    'attachments: [{source: "{state.name}.png"}, {type: pdf, source: b.pdf, media_type: application/pdf, fetch: provider}]',
  )
  const view = await new MemoryRuntime({ models, tools }).run(plan, { name: 'it' })
  expect(view.state['said']).toBe('a cat')
  expect(sources).toEqual([
    { type: 'image', source: 'it.png', mediaType: null, fetch: 'local' },
    { type: 'pdf', source: 'b.pdf', mediaType: 'application/pdf', fetch: 'provider' },
  ])
  expect(requests[0]?.messages).toEqual([
    {
      role: 'user',
      content: 'What is it?',
      attachments: [
        { kind: 'image', mediaType: 'image/png', data: 'it.png' },
        { kind: 'image', mediaType: 'image/png', data: 'b.pdf' },
      ],
    },
  ])
})

test('thinking is passed on where it is enabled', async () => {
  const { models, requests } = scriptedModel(() => 'x')
  await new MemoryRuntime({ models }).run(planOf('thinking: {enabled: true, level: low}'), { name: 'it' })
  await new MemoryRuntime({ models }).run(planOf('thinking: {level: low}'), { name: 'it' })
  expect(requests.map(({ thinking }) => thinking)).toEqual([
    { budgetTokens: null, level: 'low', captureReasoning: true },
    null,
  ])
})

test('a system prompt that renders empty is left out', async () => {
  const { models, requests } = scriptedModel(() => 'x')
  await new MemoryRuntime({ models }).run(planOf('system_prompt: "{state.role}"'), { name: 'it', role: '' })
  await new MemoryRuntime({ models }).run(planOf('system_prompt: "{state.role}"'), { name: 'it', role: ' ' })
  expect(requests.map(({ messages }) => messages.map(({ role }) => role))).toEqual([['user'], ['system', 'user']])
})

test('one question without tools leaves no notes: its result is its record', async () => {
  const { models } = scriptedModel(() => 'x')
  const runtime = new MemoryRuntime({ models })
  await runtime.run(planOf('temperature: 1'), { name: 'it' })
  const kinds = (await runtime.journal.load('run'))?.records.map(({ kind }) => kind)
  expect(kinds).toEqual(['started', 'claimed', 'committed', 'ended'])
})
