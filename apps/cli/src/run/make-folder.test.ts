import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith } from '../io/fake-io.fixture.ts'
import { makeFolder } from './make-folder.ts'

test('folders that are missing are made, for their owner alone; twice is harmless', async () => {
  const path = join(folderWith(), 'a', 'b', 'c')
  await makeFolder(path, 0o700)
  await makeFolder(path, 0o700)
  expect(statSync(path).mode & 0o777).toBe(0o700)
})

test.runIf(process.platform === 'linux')('where none can be made it ends with the system’s error', async () => {
  await expect(makeFolder('/proc/nothing/here', 0o700)).rejects.toThrow(expect.objectContaining({ code: 'ENOENT' }))
})

test('a file in the way is an error', async () => {
  const folder = folderWith({ file: '' })
  await expect(makeFolder(join(folder, 'file', 'a'), 0o700)).rejects.toThrow(
    expect.objectContaining({ code: 'ENOTDIR' }),
  )
})
