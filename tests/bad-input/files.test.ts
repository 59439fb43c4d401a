import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { agentloom, CommandLine } from './command-line.ts'
import { type Doubt, expectDoubted, expectRefused, type Refusal } from './refusals.ts'

// Section A: YAML and files, through `agentloom run` and `agentloom validate`.

const steps = 'steps: []\n'
const bomb = [
  'a0: &a0 [x,x,x,x,x,x,x,x,x,x]',
  ...Array.from({ length: 8 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]`),
].join('\n')
const keys = (count: number) => Array.from({ length: count }, (_, n) => `  k${n}: 1`).join('\n')
const levels = (count: number) => Array.from({ length: count }, (_, n) => `${' '.repeat(n)}a:`).join('\n')
const bytes = (text: string, encoding: 'latin1' | 'utf16le') => Buffer.from(text, encoding)

const refused: readonly Refusal[] = [
  ['A1 eight levels of aliases', bomb, 'yaml/alias-limit', '3:50'],
  ['A2 101 harmless aliases', `state: {a: &a 1}\nb: [${Array(101).fill('*a').join(', ')}]`, 'yaml/alias-limit', '2:'],
  ['A3 a list in itself', 'state: {a: &a [*a]}', 'yaml/cyclic-alias', '1:16'],
  ['A4 a merge of a number', 'state: {<<: 5}', 'yaml/merge', '1:9'],
  ['A5 a key twice', `name: a\n${steps}name: b`, 'yaml/duplicate-key', '3:1'],
  ['A5 a key twice, as number and text', 'state:\n  1: a\n  "1": b', 'yaml/duplicate-key', '3:3'],
  ['A5 a key twice, as null and nothing', 'state:\n  null: a\n  "": b', 'yaml/duplicate-key', '3:3'],
  ['A6 100,000 keys', `state:\n${keys(75_000)}`, 'yaml/limit', '10002:'],
  ['A7 a tag of JavaScript', 'name: !!js/function "x"', 'yaml/tag', '1:7'],
  ['A7 a tag of nobody', 'name: !foo bar', 'yaml/tag', '1:7'],
  ['A7 a tag of Python', 'state: {a: !!python/object/apply:os.system [ls]}', 'yaml/tag', '1:12'],
  ['A8 binary', 'state: {a: !!binary aGk=}', 'yaml/tag', '1:12'],
  ['A8 a set', 'state: {a: !!set {x}}', 'yaml/tag', '1:12'],
  ['A8 an ordered mapping', 'state: {a: !!omap [x: 1]}', 'yaml/tag', '1:12'],
  ['A8 a time stamp', 'state: {a: !!timestamp 2024-01-02}', 'yaml/tag', '1:12'],
  ['A9 a directive', '%YAML 1.1\n---\nname: w', 'yaml/directive', '1:1'],
  [
    'A10 a number of YAML 1.1',
    `name: w\nconfig: {timeout: 1_000}\n${steps}`,
    'workflow/schema',
    '2:19  config.timeout',
  ],
  [
    'A10 a time of YAML 1.1',
    `name: w\nconfig: {timeout: 12:30:45}\n${steps}`,
    'workflow/schema',
    '2:19  config.timeout',
  ],
  ['A11 two byte order marks', '\ufeff\ufeffname: w', 'yaml/character', '1:1'],
  ['A11 a byte order mark before a later key', `name: w\n\ufeff${steps}`, 'yaml/character', '2:1'],
  ['A12 CR as line ends', 'name: w\rsteps: []', 'yaml/syntax', '1:'],
  ['A13 NUL', 'name: x\0y', 'yaml/character', '1:8'],
  ['A13 BEL', 'name: x\x07y', 'yaml/character', '1:8'],
  ['A14 Latin-1', bytes('name: caf\xe9\n', 'latin1'), 'file/encoding', '1:10'],
  ['A14 UTF-16', bytes('name: w\n', 'utf16le'), 'yaml/character', '1:2'],
  ['A15 half of a surrogate pair', String.raw`name: "\ud800"`, 'yaml/character', '1:7'],
  ['A16 1,000 brackets', `state: ${'['.repeat(1_000)}`, 'yaml/depth', '1:'],
  ['A16 100,000 brackets', `state: ${'['.repeat(100_000)}`, 'yaml/depth', '1:'],
  ['A16 3,000 levels of mappings', levels(1_200), 'yaml/depth', '101:'],
  ['A23 a tab as indentation', 'state:\n\tb: 1', 'yaml/syntax', '2:1'],
  ['A23 a no-break space as indentation', 'state:\n\u00a0b: 1', 'yaml/syntax', '2:1'],
  ['A24 nothing', '', 'yaml/not-a-mapping', '1:1'],
  ['A24 a comment', '# x', 'yaml/not-a-mapping', '1:1'],
  ['A24 an empty document', '---', 'yaml/not-a-mapping', '1:'],
  ['A24 a list', '- a', 'yaml/not-a-mapping', '1:1'],
  ['A24 a word', 'hello', 'yaml/not-a-mapping', '1:1'],
  ['A24 two documents', `name: w\n${steps}---\nname: v`, 'yaml/multiple-documents', '3:1'],
  [
    'A25 braces without quotes',
    'name: w\nsteps:\n  - {id: a, type: llm_call, prompt: {state.n}}',
    'workflow/schema',
    '3:37  steps[0].prompt',
  ],
  ['A26 __proto__ at the top', '__proto__: {p: 1}', 'workflow/forbidden-key', '1:1'],
  [
    'A26 __proto__ in the state',
    `name: w\nstate:\n  x: {__proto__: {p: 1}}\n${steps}`,
    'workflow/forbidden-key',
    '3:7',
  ],
  ['A26 a list as key', 'state:\n  ? [a, b]\n  : 1', 'yaml/key-type', '2:5'],
]

const doubted: readonly Doubt[] = [
  ['A4 a merge of a mapping', `name: w\nstate: {a: &a {x: 1, y: 1}, b: {<<: *a, y: 2}}\n${steps}`, []],
  [
    'A10 words and octals of YAML 1.1',
    `name: w\nstate: {on: yes, mode: 017}\n${steps}`,
    ['yaml/old-form', 'yaml/old-form', 'yaml/old-form'],
  ],
  ['A11 one byte order mark', `\ufeffname: w\n${steps}`, []],
  ['A12 CRLF as line ends', 'name: w\r\nsteps: []\r\n', []],
]

describe('A: texts', () => {
  let line: CommandLine
  let folder: string
  beforeAll(async () => {
    line = new CommandLine()
  })
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agentloom-bad-'))
    return () => rm(folder, { recursive: true })
  })
  afterAll(() => line[Symbol.asyncDispose]())

  test.for(refused)('%s is refused', (refusal) => expectRefused(line, folder, refusal))
  test.for(doubted)('%s loads', (doubt) => expectDoubted(line, folder, doubt))
})

describe('A: files', () => {
  let folder: string
  const path = (name: string) => join(folder, name)
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agentloom-bad-'))
    await writeFile(path('over.yaml'), `name: w\nsteps: []\n#${'x'.repeat(1_048_576)}`)
    await writeFile(path('sparse.yaml'), '')
    await truncate(path('sparse.yaml'), 600 * 1024 * 1024)
    await symlink('/dev/zero', path('zero.yaml'))
    await promisify(execFile)('mkfifo', [path('pipe.yaml')])
    await symlink('loop2.yaml', path('loop1.yaml'))
    await symlink('loop1.yaml', path('loop2.yaml'))
    await mkdir(path('folder.yaml'))
    await writeFile(path('secret.yaml'), 'name: w')
    await chmod(path('secret.yaml'), 0)
    const server = createServer().listen(path('socket.yaml'))
    return async () => {
      server.close()
      await rm(folder, { recursive: true, force: true })
    }
  })

  const isRoot = process.getuid?.() === 0
  test.for<readonly [name: string, file: string, said: string]>([
    ['A17 a byte too many', 'over.yaml', 'file/too-large'],
    ['A17 600 MB of nothing', 'sparse.yaml', 'file/too-large'],
    ['A18 a device', '/dev/zero', 'file/not-regular'],
    ['A18 a link to a device', 'zero.yaml', 'file/not-regular'],
    ['A19 a pipe that nobody writes to', 'pipe.yaml', 'file/not-regular'],
    ['A20 the environment of the process', '/proc/self/environ', 'file/not-regular'],
    ['A21 links in a circle', 'loop1.yaml', 'ELOOP'],
    ['A21 a folder', 'folder.yaml', 'EISDIR'],
    ['A21 a socket', 'socket.yaml', 'ENXIO'],
    // Root may read everything.
    ...(isRoot ? [] : [['A21 a file that may not be read', 'secret.yaml', 'EACCES'] as const]),
  ])('%s is refused at once', { concurrent: false }, async ([, file, said]) => {
    const { code, stdout, stderr } = await agentloom(['validate', file], { cwd: folder })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(said)
    expect(stderr).toContain(file)
    expect(stderr).not.toMatch(/PATH=|^\s+at /m)
  })

  test.for([
    ['A21 nothing as name', ''],
    ['A21 a name of 5,000 characters', 'x'.repeat(5_000)],
  ])('%s is refused as wrong use', async ([, file = '']) => {
    const { code, stderr } = await agentloom(['validate', file], { cwd: folder })
    expect(code).toBe(2)
    expect(stderr.length).toBeLessThan(2_000)
  })
})
