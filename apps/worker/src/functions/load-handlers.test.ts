import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { loadHandlers } from './load-handlers.ts'

// Inside the package, so that the modules find what they import.
const folder = mkdtempSync(join(dirname(fileURLToPath(import.meta.url)), '.handlers-'))
afterAll(() => rmSync(folder, { recursive: true }))

let count = 0
function moduleOf(text: string): string {
  const file = join(folder, `module-${count++}.mjs`)
  writeFileSync(file, text)
  return file
}
const handler = (name: string): string =>
  `{ kind: 'agentloom.function', name: '${name}', version: null, input: null, output: null, run() {} }`

test('every export made by defineFunction is registered by its name, whatever the export is called', async () => {
  const file = moduleOf(`export const a = ${handler('file-bug')}
    export default ${handler('answer')}
    export const limit = 5
    export function helper() {}`)
  expect((await loadHandlers([file])).functions.map(({ name }) => name).toSorted()).toEqual(['answer', 'file-bug'])
})

test('tools made by defineTool are registered beside functions, each kind with names of its own', async () => {
  const file = moduleOf(`import { defineTool } from '@agentloom/tools'
    const input = { safeParseAsync: (data) => ({ success: true, data }) }
    export const add = defineTool({ name: 'answer', input, run: () => 3 })
    export const answer = ${handler('answer')}`)
  const { functions, tools } = await loadHandlers([file])
  expect([functions, tools].map((found) => found.map(({ name }) => name))).toEqual([['answer'], ['answer']])
  const other = moduleOf(`import { defineTool } from '@agentloom/tools'
    export const again = defineTool({ name: 'answer', input: {}, run: () => 4 })`)
  await expect(loadHandlers([file, other])).rejects.toMatchObject({
    code: 'function/twice',
    message: expect.stringContaining('two tools are named answer'),
  })
})

test('the same function through two modules is one', async () => {
  const first = moduleOf(`export const a = ${handler('shared')}`)
  const second = moduleOf(`export * from '${first}'`)
  expect((await loadHandlers([first, second])).functions).toHaveLength(1)
})

test('two functions of one name refuse to start, and both files are named', async () => {
  const first = moduleOf(`export const a = ${handler('same')}`)
  const second = moduleOf(`export const b = ${handler('same')}`)
  await expect(loadHandlers([first, second])).rejects.toMatchObject({
    code: 'function/twice',
    place: second,
    message: expect.stringContaining(first),
  })
})

test.each([
  ['does not exist', null, 'function/module', 'Cannot find module'],
  ['cannot be read', 'export const = 1', 'function/module', 'cannot be loaded'],
  ['imports what is not there', "import './nowhere.mjs'", 'function/module', 'nowhere.mjs'],
  ['throws', "throw new Error('no database')", 'function/module', 'no database'],
  ['throws no error', 'throw null', 'function/module', 'null'],
  ['exports no function', 'export const a = 1', 'function/none', 'defineFunction'],
])('a module that %s is refused with its file', async (_, text, code, part) => {
  const file = text === null ? join(folder, 'missing.mjs') : moduleOf(text)
  await expect(loadHandlers([file])).rejects.toMatchObject({
    code,
    place: file,
    message: expect.stringContaining(part),
  })
})
