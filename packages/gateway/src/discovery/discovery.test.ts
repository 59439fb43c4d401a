import { expect, test } from 'vitest'
import { createGateway } from '../gateway.ts'
import { startOpenAIServer } from '../testing/openai-server.ts'
import { callContext, modelRequest } from '../testing/requests.ts'
import { keysNotYetServed, providersFromEnvironment } from './environment.ts'
import { detectOllama } from './ollama.ts'

test('without a key there is no provider', () => {
  expect(providersFromEnvironment({})).toEqual([])
  expect(providersFromEnvironment({ OPENAI_API_KEY: '  ' })).toEqual([])
})

test('OPENAI_API_KEY brings openai, at the address of OPENAI_BASE_URL', async () => {
  await using server = await startOpenAIServer()
  await using gateway = createGateway()
  const environment = { OPENAI_API_KEY: ' a-key ', OPENAI_BASE_URL: server.url.replace('/v1', '/') }
  for (const { provider, registration } of providersFromEnvironment(environment))
    gateway.register(provider, registration)
  expect(gateway.providers()).toEqual(['openai'])
  expect(gateway.candidates('gpt-4o-2024-08-06')).toHaveLength(1)
  expect(gateway.candidates('claude-haiku-4-5')).toHaveLength(0)
  await gateway.call(modelRequest({ model: 'gpt-5-mini' }), callContext())
  expect(server.requests[0]?.headers.authorization).toBe('Bearer a-key')
})

test('a base URL that is none names the setting', () => {
  expect(() => providersFromEnvironment({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'nonsense' })).toThrow(
    /openai\.baseURL/,
  )
})

test('keys of vendors that are not served yet are told', () => {
  expect(keysNotYetServed({ ANTHROPIC_API_KEY: 'x', GOOGLE_API_KEY: '' })).toEqual([
    { variable: 'ANTHROPIC_API_KEY', vendor: 'anthropic' },
  ])
})

test('Ollama is found with its models and asked last, at no cost', async () => {
  await using server = await startOpenAIServer({ models: ['qwen3:8b', 'llama3.2:latest'] })
  const found = await detectOllama({ OLLAMA_BASE_URL: server.url.replace('/v1', '') })
  if (found === null) throw new Error('not found')
  expect(found.models).toEqual(['qwen3:8b', 'llama3.2:latest'])
  await using gateway = createGateway()
  gateway.register(found.provider, found.registration)
  expect(found.provider.supports?.('llama3.2')).toBe(true)
  expect(found.provider.supports?.('gpt-5-mini')).toBe(false)
  expect(await gateway.call(modelRequest({ model: 'ollama/qwen3:8b' }), callContext())).toMatchObject({
    provider: 'ollama',
    model: 'qwen3:8b',
    costNanoUsd: 0,
  })
})

test('a stand-in answers for models that Ollama does not have, under its own name', async () => {
  await using server = await startOpenAIServer({ models: ['qwen3:8b'] })
  const found = await detectOllama({ OLLAMA_BASE_URL: server.url }, { standIn: true })
  if (found === null) throw new Error('not found')
  const reply = await found.provider.call(modelRequest({ model: 'gpt-5-mini' }), callContext())
  expect(reply.model).toBe('qwen3:8b')
  await found.provider.close?.()
})

test.each(['http://127.0.0.1:9', 'nonsense', 'ftp://x'])('nobody at %s is no Ollama, not an error', async (url) => {
  expect(await detectOllama({ OLLAMA_BASE_URL: url })).toBeNull()
})

test('an Ollama without a model is of no use', async () => {
  await using server = await startOpenAIServer()
  expect(await detectOllama({ OLLAMA_BASE_URL: server.url })).toBeNull()
})
