import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadWorkflowFile, WORKFLOW_BYTES_MAX } from './load.ts'
import { readRegularFile } from './read-file.ts'

let cwd = ''
const minimal = 'name: w\nsteps: []\n'

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'agentloom-file-'))
})
afterAll(async () => {
  await rm(cwd, { recursive: true })
})
const load = (path: string) => loadWorkflowFile(path, { cwd })
const padded = (bytes: number) => minimal + `#${'x'.repeat(bytes - minimal.length - 2)}\n`

// design/bad-input.md, A14 and A17 to A22.
describe('refused, without reading or waiting', () => {
  test('A17 a byte too many', async () => {
    await writeFile(join(cwd, 'full.yaml'), padded(WORKFLOW_BYTES_MAX))
    await writeFile(join(cwd, 'over.yaml'), padded(WORKFLOW_BYTES_MAX + 1))
    await expect(load('full.yaml')).resolves.toMatchObject({ definition: { workflow: { name: 'w' } } })
    await expect(load('over.yaml')).rejects.toMatchObject({ code: 'file/too-large', place: 'over.yaml' })
  })

  test('A17 a sparse file of 600 MB', async () => {
    await writeFile(join(cwd, 'sparse.yaml'), '')
    await truncate(join(cwd, 'sparse.yaml'), 600 * 1024 * 1024)
    await expect(load('sparse.yaml')).rejects.toMatchObject({ code: 'file/too-large' })
  })

  test('A18 a device, and a link to it', async () => {
    await symlink('/dev/zero', join(cwd, 'zero.yaml'))
    await expect(load('/dev/zero')).rejects.toMatchObject({ code: 'file/not-regular', place: '/dev/zero' })
    await expect(load('zero.yaml')).rejects.toMatchObject({ code: 'file/not-regular', place: 'zero.yaml' })
  })

  test('A19 a pipe', async () => {
    await promisify(execFile)('mkfifo', [join(cwd, 'pipe.yaml')])
    await expect(load('pipe.yaml')).rejects.toMatchObject({ code: 'file/not-regular' })
  })

  test.runIf(process.platform === 'linux')('A20 the environment, without showing it', async () => {
    const error = await load('/proc/self/environ').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'file/not-regular', message: '/proc/self/environ is no file on a disk' })
  })

  test('A21 what cannot be opened, with the code of the system', async () => {
    await mkdir(join(cwd, 'folder'))
    await symlink('l1', join(cwd, 'l2'))
    await symlink('l2', join(cwd, 'l1'))
    const server = createServer().listen(join(cwd, 'socket'))
    await new Promise((resolve) => server.once('listening', resolve))
    const codes = await Promise.all(
      ['folder', 'l1', 'socket', '', 'a\0b', 'none.yaml', 'full.yaml/x', 'x'.repeat(5_000)].map((path) =>
        load(path).catch(
          (error: { code: string; message: string }) => `${error.code} ${/\((\w+)\)$/.exec(error.message)?.[1]}`,
        ),
      ),
    )
    await new Promise((resolve) => server.close(resolve))
    expect(codes).toEqual(
      ['EISDIR', 'ELOOP', 'ENXIO', 'ENOENT', 'ENOENT', 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].map(
        (code) => `file/unreadable ${code}`,
      ),
    )
  })

  test('A14 another encoding', async () => {
    await writeFile(join(cwd, 'latin.yaml'), Buffer.from('name: caf\xe9\nsteps: []\n', 'latin1'))
    await expect(load('latin.yaml')).rejects.toMatchObject({ code: 'file/encoding', place: 'latin.yaml:1:10' })
  })

  test('A22 the bytes are those of one reading', async () => {
    await writeFile(join(cwd, 'small.txt'), 'abc')
    expect(new TextDecoder().decode(await readRegularFile(join(cwd, 'small.txt'), 10))).toBe('abc')
    await expect(readRegularFile(join(cwd, 'small.txt'), 2)).rejects.toMatchObject({ code: 'file/too-large' })
  })
})

describe('the responses file', () => {
  const named = `${minimal}config: {provider: mock, responses_file: answers.json}\n`

  test('lies in the folder of the workflow, else in that of the run', async () => {
    await mkdir(join(cwd, 'flows'), { recursive: true })
    await writeFile(join(cwd, 'flows', 'w.yaml'), named)
    await writeFile(join(cwd, 'answers.json'), '{"from": "run"}')
    expect((await load('flows/w.yaml')).definition.files).toEqual({ 'answers.json': '{"from": "run"}' })
    await writeFile(join(cwd, 'flows', 'answers.json'), '{"from": "workflow"}')
    expect((await load('flows/w.yaml')).definition.files).toEqual({ 'answers.json': '{"from": "workflow"}' })
  })

  test('that is missing is a warning', async () => {
    await writeFile(join(cwd, 'lost.yaml'), named.replace('answers', 'lost'))
    const { definition, warnings } = await load('lost.yaml')
    expect(definition.files).toEqual({})
    expect(warnings).toMatchObject([{ code: 'file/missing', line: 3, path: 'config.responses_file' }])
  })

  test('that cannot be read is an error', async () => {
    await mkdir(join(cwd, 'dir.json'))
    await writeFile(join(cwd, 'dir.yaml'), named.replace('answers', 'dir'))
    await expect(load('dir.yaml')).rejects.toMatchObject({ code: 'file/unreadable' })
  })
})
