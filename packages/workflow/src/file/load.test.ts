import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compileWorkflow } from '../compile/compile.ts'
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

describe('files of sub-workflows', () => {
  const parent = (file: string, more = '') =>
    `name: w${more}\nsteps: [{id: s, type: subworkflow, workflow_path: ${file}}]\n`
  const write = async (files: { readonly [name: string]: string }) => {
    const folder = await mkdtemp(join(cwd, 'flows-'))
    await Promise.all(
      Object.entries(files).map(async ([name, text]) => {
        await mkdir(join(folder, name, '..'), { recursive: true })
        await writeFile(join(folder, name), text)
      }),
    )
    return folder
  }
  const namesOf = async (folder: string, path = 'w.yaml', options = {}) =>
    Object.entries((await loadWorkflowFile(path, { cwd: folder, ...options })).definition.files)

  test('lie beside the file that names them, else in the folder of the run', async () => {
    const folder = await write({
      'flows/w.yaml': parent('sub/c.yaml'),
      'flows/sub/c.yaml': parent('d.yaml'),
      'flows/sub/d.yaml': parent('flows/sub/e.yaml', ' beside'),
      'd.yaml': `${minimal}# in the folder of the run`,
      'flows/sub/e.yaml': minimal,
    })
    expect(await namesOf(folder, 'flows/w.yaml')).toEqual([
      ['sub/c.yaml', parent('d.yaml')],
      ['sub/c.yaml\nd.yaml', parent('flows/sub/e.yaml', ' beside')],
      ['sub/c.yaml\nd.yaml\nflows/sub/e.yaml', minimal],
    ])
  })

  test('also those of compensations, of finally, and of workflows written inside', async () => {
    const child = (file: string) => `{type: subworkflow, workflow_path: ${file}}`
    const folder = await write({
      'w.yaml':
        `name: w\nsteps:\n  - {id: a, type: tool, tool_name: t, compensate: ${child('a.yaml')}}\n` +
        `  - {id: b, type: subworkflow, workflow_inline: {name: c, config: {responses_file: r.json}, steps: [{id: s, type: subworkflow, workflow_path: b.yaml}]}}\n` +
        `  - {id: c, type: tool, workflow_path: no.yaml}\nfinally: [{id: f, type: subworkflow, workflow_path: f.yaml}]`,
      'a.yaml': minimal,
      'b.yaml': minimal,
      'f.yaml': minimal,
      'r.json': '{}',
    })
    expect((await namesOf(folder)).map(([name]) => name).sort()).toEqual(['a.yaml', 'b.yaml', 'f.yaml', 'r.json'])
  })

  test('that are missing are left out, and those that cannot be read make their step fail', async () => {
    const folder = await write({
      'w.yaml': `${parent('gone.yaml')}finally: [{id: f, type: subworkflow, workflow_path: dir}]`,
    })
    await mkdir(join(folder, 'dir'))
    const { definition, warnings } = await loadWorkflowFile('w.yaml', { cwd: folder })
    expect(definition.files).toEqual({ dir: '' })
    expect(warnings).toMatchObject([{ code: 'file/unreadable', path: 'finally[0].workflow_path' }])
  })

  test.each([
    ['itself', { 'w.yaml': parent('./x/../w.yaml') }, 'w.yaml -> ./x/../w.yaml'],
    ['each other', { 'w.yaml': parent('b.yaml'), 'b.yaml': parent('w.yaml') }, 'w.yaml -> b.yaml -> w.yaml'],
  ])('that include %s are refused', async (_, files, chain) => {
    await expect(namesOf(await write(files))).rejects.toMatchObject({
      code: 'workflow/recursion',
      diagnostics: [{ message: `a sub-workflow includes itself: ${chain}` }],
    })
  })

  test('are read under compat as their parent is', async () => {
    const folder = await write({ 'w.yaml': parent('c.yaml'), 'c.yaml': `${minimal}state: {a: on, a: off}` })
    const { definition } = await loadWorkflowFile('w.yaml', { cwd: folder, compat: 'agentloom' })
    const step = compileWorkflow(definition).plan.nodes[0]?.step
    expect(step).toMatchObject({ child: { state: {}, compat: { isYamlOneOne: true } } })
  })

  test('lie inside of the root, if there is one, links followed', async () => {
    const folder = await write({
      'root/w.yaml': parent('../secret.yaml'),
      'root/v.yaml': parent('link.yaml'),
      'root/u.yaml': parent('c.yaml'),
      'root/c.yaml': minimal,
      'root/t.yaml': parent('nowhere.yaml'),
      'secret.yaml': minimal,
    })
    await symlink('../secret.yaml', join(folder, 'root', 'link.yaml'))
    const root = join(folder, 'root')
    const outside = { code: 'file/outside-root' }
    await expect(namesOf(root, 'w.yaml', { root })).rejects.toMatchObject(outside)
    await expect(namesOf(root, 'v.yaml', { root })).rejects.toMatchObject(outside)
    await expect(namesOf(root, '../secret.yaml', { root })).rejects.toMatchObject(outside)
    expect(await namesOf(root, 'u.yaml', { root })).toHaveLength(1)
    expect(await namesOf(folder, 'root/t.yaml', { root })).toEqual([])
    expect(await namesOf(root, 'w.yaml')).toHaveLength(1)
  })

  test('17 levels are read as far as they may go', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 20 }, (_, level) => [`${level}.yaml`, parent(`${level + 1}.yaml`)] as const),
    )
    const folder = await write({ ...files, '20.yaml': minimal })
    const { definition, source } = await loadWorkflowFile('0.yaml', { cwd: folder })
    expect(() => compileWorkflow(definition, { source })).toThrow(
      expect.objectContaining({ code: 'workflow/recursion' }),
    )
    const { definition: allowed } = await loadWorkflowFile('4.yaml', { cwd: folder })
    expect(compileWorkflow(allowed).plan.nodes).toHaveLength(1)
  })
})
