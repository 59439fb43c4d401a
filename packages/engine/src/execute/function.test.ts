import { defineFunction, handlerOf, isServedBy, type FunctionDefinition } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { functionsOf } from './function.ts'

function greet(version?: string): FunctionDefinition {
  return defineFunction({
    name: 'greet',
    input: z.object({}),
    run: () => 'hi',
    ...(version !== undefined && { version }),
  })
}

test.each([
  ['greet', 'greet', true],
  ['greet', 'greet@2', true],
  ['greet@2', 'greet@2', true],
  ['greet@2', 'greet', false],
  ['greet@2', 'greet@3', false],
  ['greet', 'greeting@2', false],
  ['@acme/greet', '@acme/greet@1', true],
  ['@acme/greet@2', '@acme/greet', false],
])('a step that names %s is served by %s: %s', (handler, announced, is) => {
  expect(isServedBy(handler, announced)).toBe(is)
})

test('a process may have several versions of a function; a step without one gets the one without, else the highest', () => {
  const versions = functionsOf([greet('9'), greet('10'), greet('2')])
  expect(versions.names()).toEqual(['greet@10', 'greet@2', 'greet@9'])
  expect(versions.get('greet')?.version).toBe('10')
  expect(versions.get('greet@2')?.version).toBe('2')
  expect(versions.get('greet@3')).toBeNull()
  expect(functionsOf([greet('9'), greet()]).get('greet')?.version).toBeNull()
  expect(() => functionsOf([greet('1'), greet('1')])).toThrow('two functions are named greet@1')
  expect(handlerOf(greet())).toBe('greet')
})
