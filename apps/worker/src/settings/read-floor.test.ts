import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readFloor } from './read-floor.ts'

const folder = mkdtempSync(join(tmpdir(), 'agentloom-floor-'))
afterAll(() => rmSync(folder, { recursive: true }))

function floorFile(text: string): string {
  const file = join(folder, 'floor.json')
  writeFileSync(file, text)
  return file
}

test('opens what it names and nothing else', async () => {
  const floor = await readFloor(floorFile('{"allowedCommands": ["git"]}'))
  expect(floor).toMatchObject({
    allowedCommands: ['git'],
    shell: false,
    allowInternalAddresses: false,
    readablePaths: [],
  })
})

test.each([
  ['{not json', 'JSON'],
  ['{"shel": true}', '$'],
  ['{"shell": "yes"}', '$.shell'],
  ['{"readablePaths": ["relative"]}', '$.readablePaths.0'],
  ['[]', '$'],
])('a floor that cannot be meant opens nothing: %s', async (text, place) => {
  const file = floorFile(text)
  await expect(readFloor(file)).rejects.toMatchObject({
    code: 'config/floor-file',
    place: file,
    message: expect.stringContaining(place),
  })
})
