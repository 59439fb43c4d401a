import { compileYaml, type Plan } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { MemoryRuntime } from '../testing/memory-runtime.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { memoryCache } from './cache.ts'
import { scriptedModel } from './scripted.fixture.ts'

const planOf = (prompt = 'About {state.topic}', cache = '{key: "{state.topic}", ttl: 60}'): Plan =>
  compileYaml(`name: t
steps: [{id: ask, type: llm_call, prompt: "${prompt}", cache: ${cache}, output: said}]`).plan

test('what a step gave under a key is given again, and costs nothing', async () => {
  const { models, requests } = scriptedModel((_request, count) => `answer ${count}`)
  const runtime = new MemoryRuntime({ models })
  const said = async (id: string, plan: Plan, topic: string) => {
    await runtime.start(plan, { topic }, id)
    await runtime.settle()
    return runtime.view(plan, id)
  }
  expect((await said('one', planOf(), 'tea')).state['said']).toBe('answer 0')
  const again = await said('two', planOf(), 'tea')
  expect(again).toMatchObject({ state: { said: 'answer 0' }, costNanoUsd: 0, tokens: 0 })
  expect((await said('three', planOf(), 'rye')).state['said']).toBe('answer 1')
  expect((await said('four', planOf('On {state.topic}'), 'tea')).state['said']).toBe('answer 2') // another text
  runtime.clock.advance(60_001)
  expect((await said('five', planOf(), 'tea')).state['said']).toBe('answer 3')
  expect(requests).toHaveLength(4)
})

test('failures are not kept', async () => {
  const { models, requests } = scriptedModel((_request, count) => (count === 0 ? new Error('no line') : 'ok'))
  const view = await new MemoryRuntime({ models }).run(planOf(), { topic: 'tea' })
  expect(view.state['said']).toBe('ok')
  expect(requests).toHaveLength(2)
})

test('the cache of a process forgets what was not asked for longest', async () => {
  const cache = memoryCache(new VirtualClock())
  const large = 'x'.repeat(30 * 1024 * 1024)
  await cache.set('a', large, null)
  await cache.set('b', large, null)
  expect(await cache.get('a')).toBe(large)
  await cache.set('c', large, null)
  expect([await cache.get('a'), await cache.get('b')]).toEqual([large, null])
})
