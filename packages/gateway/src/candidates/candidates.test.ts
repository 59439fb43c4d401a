import { expect, test } from 'vitest'
import { ProviderSettingError } from '../failure/errors.ts'
import type { Provider } from '../provider.ts'
import { createCandidates, withPreferred, type Candidate } from './candidates.ts'

function provider(name: string, models?: readonly string[]): Provider {
  return { name, supports: (model) => models?.includes(model) ?? true, call: async () => ({ text: name }) }
}

function names(candidates: readonly Candidate[]): readonly string[] {
  return candidates.map(({ provider }) => provider.name)
}

test('candidates come by priority, equals in the order of registration', () => {
  const room = createCandidates(8)
  room.add(provider('late'), { priority: 5 })
  room.add(provider('first'))
  room.add(provider('second'))
  expect(names(room.for('m'))).toEqual(['first', 'second', 'late'])
})

test('a fallback that does not know the model comes last, one that does keeps its place', () => {
  const room = createCandidates(8)
  room.add(provider('fb0', []), { priority: 0, isFallback: true })
  room.add(provider('c5'), { priority: 5 })
  room.add(provider('fb1'), { priority: 1, isFallback: true })
  room.add(provider('c2'), { priority: 2 })
  expect(names(room.for('m'))).toEqual(['fb1', 'c2', 'c5', 'fb0'])
})

test('who lists the model comes before who only matches, and the fallbacks are not shut out', () => {
  const room = createCandidates(8)
  room.add(provider('anything'), { priority: 0 })
  room.add(provider('lister', []), { priority: 9, models: ['m'] })
  room.add(provider('local', []), { priority: 1, isFallback: true })
  expect(names(room.for('m'))).toEqual(['lister', 'anything', 'local'])
  expect(names(room.for('other'))).toEqual(['anything', 'local'])
})

test('provider/model is that provider alone, with the vendor’s name of the model', () => {
  const room = createCandidates(8)
  room.add(provider('openai', []))
  room.add(provider('ollama'), { isFallback: true })
  expect(room.for('ollama/qwen3')).toMatchObject([{ provider: { name: 'ollama' }, model: 'qwen3' }])
})

test('a model that is listed with a slash in its name is not taken apart', () => {
  const room = createCandidates(8)
  room.add(provider('openai'))
  room.add(provider('router', []), { models: ['openai/gpt-4o'] })
  expect(room.for('openai/gpt-4o')[0]).toMatchObject({ provider: { name: 'router' }, model: 'openai/gpt-4o' })
  expect(room.for('meta/llama')).toMatchObject([{ provider: { name: 'openai' }, model: 'meta/llama' }])
})

test('the provider that the workflow names goes first where it serves the model', () => {
  const room = createCandidates(8)
  room.add(provider('openai'))
  room.add(provider('ollama', ['qwen3']), { priority: 100, isFallback: true })
  expect(names(withPreferred(room.for('qwen3'), 'ollama'))).toEqual(['ollama', 'openai'])
  expect(names(withPreferred(room.for('gpt-4o'), 'ollama'))).toEqual(['openai', 'ollama'])
  expect(names(withPreferred(room.for('qwen3'), 'nobody'))).toEqual(['openai', 'ollama'])
})

test('the list is remembered until a registration changes, and forgotten then', () => {
  const room = createCandidates(8)
  room.add(provider('one'))
  const before = room.for('m')
  expect(room.for('m')).toBe(before)
  room.add(provider('two'))
  expect(names(room.for('m'))).toEqual(['one', 'two'])
  expect(names(before)).toEqual(['one'])
  expect(room.remove('one')).toBe(true)
  expect(names(room.for('m'))).toEqual(['two'])
  expect(room.remove('one')).toBe(false)
})

test('an empty list is remembered, too, and no longer than until somebody comes', () => {
  const room = createCandidates(8)
  const nobody = room.for('m')
  expect(nobody).toEqual([])
  expect(room.for('m')).toBe(nobody)
  room.add(provider('one'))
  expect(names(room.for('m'))).toEqual(['one'])
})

test('the cache is bounded and lets the least recently used go', () => {
  const room = createCandidates(2)
  room.add(provider('one'))
  const a = room.for('a')
  const b = room.for('b')
  room.for('a')
  room.for('c')
  expect(room.cached).toBe(2)
  expect(room.for('a')).toBe(a)
  expect(room.for('b')).not.toBe(b)
})

test.each([0, -1, 1.5, Number.NaN])('a cache of %s models is refused', (size) => {
  expect(() => createCandidates(size)).toThrow(ProviderSettingError)
})

test.each(['', 'a/b', 'two words', '.hidden', 'x'.repeat(65)])('the name %j is no provider’s', (name) => {
  expect(() => createCandidates(8).add(provider(name))).toThrow(ProviderSettingError)
})

test('names of objects’ own machinery are models like any other', () => {
  const room = createCandidates(8)
  room.add(provider('one', ['constructor']), { models: ['__proto__'] })
  expect(names(room.for('__proto__'))).toEqual(['one'])
  expect(names(room.for('toString'))).toEqual([])
})
