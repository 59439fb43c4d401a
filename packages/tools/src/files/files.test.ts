import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Float } from '@agentloom/workflow'
import { describe, expect, test } from 'vitest'
import { startedRun } from '../run-folder.fixture.ts'
import { FILE_READ_BYTES_MAX } from './file-read.ts'
import { openFolder, openForReading, openForWriting } from './open.ts'

const failed = (message: string, retryable: boolean) =>
  expect.objectContaining({ code: 'tool/failed', message, retryable })
const violation = (message: RegExp) =>
  expect.objectContaining({ code: 'sandbox/violation', retryable: false, message: expect.stringMatching(message) })

describe('with the sandbox off', () => {
  test('a file is written with its folders, and read again', async () => {
    await using run = await startedRun()
    expect(await run.call('file_write', { path: 'out/deep/ü.txt', content: 'Größe: 5 ☕ 🎉' })).toEqual({
      written: 12,
      path: 'out/deep/ü.txt',
    })
    expect(await run.call('file_read', { path: 'out/deep/ü.txt', colour: 'red' })).toBe('Größe: 5 ☕ 🎉')
  })

  test('a shorter text leaves nothing of the longer one', async () => {
    await using run = await startedRun({ files: { a: 'call Kim' } })
    await run.call('file_write', { path: 'a', content: 'done' })
    expect(await run.call('file_read', { path: join(run.folder, 'a') })).toBe('done')
  })

  test('line ends, byte order mark and NUL come as they are', async () => {
    await using run = await startedRun({ files: { a: '\ufeffa\r\nb\0' } })
    expect(await run.call('file_read', { path: 'a' })).toBe('\ufeffa\r\nb\0')
  })

  test.each([
    ['file_read', {}, "'path'"],
    ['file_write', { path: 'x' }, "'content'"],
    ['file_write', { path: 'x', content: 42 }, "'int' object has no attribute 'encode'"],
    ['file_write', { path: 'x', content: new Float(1) }, "'float' object has no attribute 'encode'"],
    ['file_write', { path: 'x', content: null }, "'NoneType' object has no attribute 'encode'"],
    ['file_read', { path: 4 }, 'expected a path as text, not int'],
    ['file_read', { path: 'a\0b' }, 'embedded null byte'],
    ['file_read', { path: 'a', encoding: 'klingon' }, 'unknown encoding: klingon'],
    [
      'file_write',
      { path: 'x', content: '☕', encoding: 'latin-1' },
      "'latin-1' codec can't encode character '\\u2615' in position 0: not in this encoding",
    ],
    [
      'file_write',
      { path: 'x', content: 'a\ud800' },
      "'utf-8' codec can't encode a lone surrogate in position 1: surrogates not allowed",
    ],
  ])('%s refuses %j for good, and makes no file', async (name, args, cause) => {
    await using run = await startedRun()
    await expect(run.call(name, args)).rejects.toEqual(failed(`Tool '${name}' failed: ${cause}`, false))
    expect(existsSync(join(run.folder, 'x'))).toBe(false)
  })

  test.each([
    ['file_read', { path: 'absent' }, "[Errno 2] No such file or directory: 'absent'"],
    ['file_read', { path: 'data' }, "[Errno 21] Is a directory: 'data'"],
    ['file_read', { path: '' }, "[Errno 21] Is a directory: ''"],
    ['file_read', { path: 'data/f/x' }, "[Errno 20] Not a directory: 'data/f/x'"],
    ['file_write', { path: 'data/f/x', content: '' }, "[Errno 20] Not a directory: 'data/f/x'"],
    ['file_write', { path: 'data', content: '' }, "[Errno 21] Is a directory: 'data'"],
    ['file_write', { path: '/proc/nothing/x', content: '' }, "[Errno 2] No such file or directory: '/proc/nothing/x'"],
  ])('what the disk refuses may be tried again: %s %j', async (name, args, cause) => {
    await using run = await startedRun({ files: { 'data/f': '' } })
    await expect(run.call(name, args)).rejects.toEqual(failed(`Tool '${name}' failed: ${cause}`, true))
  })

  test('a FIFO, a socket and a device are refused and hold nobody up', async () => {
    await using run = await startedRun()
    await promisify(execFile)('mkfifo', [join(run.folder, 'fifo')])
    const server = createServer().listen(join(run.folder, 'sock'))
    for (const path of ['fifo', 'sock', '/dev/zero']) {
      await expect(run.call('file_read', { path })).rejects.toThrow(`'${path}' is not a regular file`)
      await expect(run.call('file_write', { path, content: '' })).rejects.toThrow(`'${path}' is not a regular file`)
    }
    server.close()
  })

  test('a file beyond the limit is refused', async () => {
    await using run = await startedRun({ files: { big: new Uint8Array(FILE_READ_BYTES_MAX + 1) } })
    await expect(run.call('file_read', { path: 'big' })).rejects.toEqual(
      failed(`Tool 'file_read' failed: 'big' exceeds the limit of ${FILE_READ_BYTES_MAX} bytes`, false),
    )
  })

  test('files that claim no size are read all the same', async () => {
    await using run = await startedRun()
    expect(await run.call('file_read', { path: '/proc/self/status' })).toContain('Name:')
  })

  test('links may be followed, also to what does not exist yet', async () => {
    await using run = await startedRun()
    await symlink('../target', join(run.folder, 'link'))
    await run.call('file_write', { path: 'link', content: 'x' })
    expect(await readFile(join(run.outer, 'target'), 'utf8')).toBe('x')
  })

  test('a step that was ended reads nothing more', async () => {
    await using run = await startedRun({ files: { a: '' } })
    const reason = new Error('cancelled')
    await expect(run.call('file_read', { path: 'a' }, AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

describe('encodings', () => {
  test.each([
    ['latin-1', 'café', [0x63, 0x61, 0x66, 0xe9]],
    ['ISO_8859_1', 'é', [0xe9]],
    ['ascii', 'abc', [0x61, 0x62, 0x63]],
    ['UTF8', 'é', [0xc3, 0xa9]],
    ['utf-8-sig', 'a', [0xef, 0xbb, 0xbf, 0x61]],
    ['utf-16', 'a', [0xff, 0xfe, 0x61, 0]],
    ['utf_16_be', 'a🎉', [0, 0x61, 0xd8, 0x3c, 0xdf, 0x89]],
    ['utf-16-le', 'a', [0x61, 0]],
    ['cp1252', '€', [0x80]],
    ['iso-8859-15', '€', [0xa4]],
    ['koi8-r', 'я', [0xd1]],
  ])('%s, there and back', async (encoding, content, bytes) => {
    await using run = await startedRun()
    await run.call('file_write', { path: 'a', content, encoding })
    expect([...(await readFile(join(run.folder, 'a')))]).toEqual(bytes)
    expect(await run.call('file_read', { path: 'a', encoding })).toBe(content)
  })

  test('the mark of the byte order is obeyed', async () => {
    await using run = await startedRun({ files: { a: Uint8Array.of(0xfe, 0xff, 0, 0x61) } })
    expect(await run.call('file_read', { path: 'a', encoding: 'utf-16' })).toBe('a')
  })

  test.each([
    ['utf-8', [0x63, 0x61, 0x66, 0xe9], "'utf-8' codec can't decode byte 0xe9 in position 3"],
    ['utf-8', [0xc3], "'utf-8' codec can't decode byte 0xc3 in position 0"],
    ['ascii', [0x61, 0x80], "'ascii' codec can't decode byte 0x80 in position 1"],
    ['utf-16-le', [0x61], "'utf-16' codec can't decode the file's bytes: not UTF-16"],
  ])('bytes that are not %s are refused', async (encoding, bytes, cause) => {
    await using run = await startedRun({ files: { a: Uint8Array.from(bytes) } })
    await expect(run.call('file_read', { path: 'a', encoding })).rejects.toEqual(
      failed(`Tool 'file_read' failed: ${cause}`, false),
    )
  })
})

describe('with the sandbox on', () => {
  const files = { 'data/prices.csv': 'tea', 'data-old/x': 'old', 'notes/todo': 'call Jo' }

  test('it is closed unless something is opened', async () => {
    await using run = await startedRun({ files, sandbox: {} })
    await expect(run.call('file_read', { path: 'data/prices.csv' })).rejects.toEqual(
      violation(
        /^Sandbox violation \(file_read\): Path '.*\/run\/data\/prices.csv' not within allowed readable directories. Allowed: \(none\)$/,
      ),
    )
    await expect(run.call('file_write', { path: 'out/a', content: '' })).rejects.toEqual(
      violation(/allowed writable directories/),
    )
    expect(existsSync(join(run.folder, 'out'))).toBe(false)
  })

  test('what lies inside may be read and written, also on a detour', async () => {
    await using run = await startedRun({ files, sandbox: { allowedPaths: ['./data'] } })
    expect(await run.call('file_read', { path: 'notes/../data/prices.csv' })).toBe('tea')
    await run.call('file_write', { path: 'data/new/deep/a', content: 'x' })
    expect(await readFile(join(run.folder, 'data/new/deep/a'), 'utf8')).toBe('x')
  })

  test.each([
    'data/../notes/todo',
    '/etc/hostname',
    '../../../../etc/hostname',
    'data-old/x',
    'data/absent/../../notes/todo',
  ])('%s lies outside', async (path) => {
    await using run = await startedRun({ files, sandbox: { allowedPaths: ['data'] } })
    await expect(run.call('file_read', { path })).rejects.toEqual(violation(/not within allowed readable/))
    await expect(run.call('file_write', { path, content: '' })).rejects.toEqual(
      violation(/not within allowed writable/),
    )
  })

  test('reading and writing have lists of their own', async () => {
    await using run = await startedRun({ files, sandbox: { readablePaths: ['data'], writablePaths: ['out'] } })
    expect(await run.call('file_read', { path: 'data/prices.csv' })).toBe('tea')
    await expect(run.call('file_write', { path: 'data/a', content: '' })).rejects.toEqual(violation(/writable/))
    await run.call('file_write', { path: 'out/a', content: 'x' })
    await expect(run.call('file_read', { path: 'out/a' })).rejects.toEqual(violation(/readable/))
  })

  test.each(['../notes', '/etc', '../nowhere'])('a link to %s leads outside', async (target) => {
    await using run = await startedRun({ files, sandbox: { allowedPaths: ['data'] } })
    await symlink(target, join(run.folder, 'data/link'))
    await expect(run.call('file_read', { path: 'data/link/todo' })).rejects.toEqual(violation(/readable/))
    await expect(run.call('file_write', { path: 'data/link/new', content: '' })).rejects.toEqual(violation(/writable/))
    await expect(run.call('file_write', { path: 'data/link', content: '' })).rejects.toEqual(violation(/writable/))
    expect(existsSync(join(run.folder, 'nowhere'))).toBe(false)
  })

  test.each([7, null, 'a\0b', 'x'.repeat(300), 'loop/x'])('what is no path breaks the rules: %j', async (path) => {
    await using run = await startedRun({ files, sandbox: { allowedPaths: ['.'] } })
    await symlink('loop', join(run.folder, 'loop'))
    await expect(run.call('file_read', { path })).rejects.toEqual(violation(/Cannot resolve path/))
  })

  test('the size of a write is counted in encoded bytes', async () => {
    await using run = await startedRun({ sandbox: { allowedPaths: ['out'], maxWriteBytes: 10 } })
    await run.call('file_write', { path: 'out/a', content: '1234567890' })
    await expect(run.call('file_write', { path: 'out/b', content: 'ééééé1' })).rejects.toEqual(
      violation(/: Write size 11 bytes exceeds limit of 10 bytes$/),
    )
    expect(existsSync(join(run.folder, 'out/b'))).toBe(false)
  })
})

describe('what changes between check and use is noticed', () => {
  /** The folder `data` was checked; then a link to `secret` took its place. */
  async function swapped() {
    const run = await startedRun({ files: { 'data/a': 'mine' } })
    const secret = join(run.outer, 'secret')
    await mkdir(secret)
    await writeFile(join(secret, 'a'), 'secret')
    await rename(join(run.folder, 'data'), join(run.folder, 'old'))
    await symlink(secret, join(run.folder, 'data'))
    return { ...run, secret, path: join(run.folder, 'data/a') }
  }

  test('nothing is read through a folder that became a link', async () => {
    await using run = await swapped()
    await expect(openForReading(run.path, 'data/a', true)).rejects.toThrow("Path 'data/a' changed while it was opened")
  })

  test('nothing is written or made through a folder that became a link', async () => {
    await using run = await swapped()
    for (const path of ['data/a', 'data/new/b', 'data/b'])
      await expect(openForWriting(join(run.folder, path), path, true)).rejects.toThrow('ENOTDIR')
    await mkdir(join(run.secret, 'sub'))
    for (const path of ['data/sub/b', 'data/sub/new/b'])
      await expect(openForWriting(join(run.folder, path), path, true)).rejects.toThrow(
        `Path '${path}' changed while it was opened`,
      )
    expect(await readFile(join(run.secret, 'a'), 'utf8')).toBe('secret')
    expect(existsSync(join(run.secret, 'new'))).toBe(false)
    expect(existsSync(join(run.secret, 'b'))).toBe(false)
    expect(await readdir(join(run.secret, 'sub'))).toEqual([])
  })

  test('no command is started in a folder that became a link', async () => {
    await using run = await swapped()
    await expect(openFolder(join(run.folder, 'data'), 'data', true)).rejects.toThrow('Not a directory')
    await mkdir(join(run.secret, 'sub'))
    await expect(openFolder(join(run.folder, 'data/sub'), 'sub', true)).rejects.toThrow(
      "Path 'sub' changed while it was opened",
    )
  })

  test('a file that became a link is not followed', async () => {
    await using run = await startedRun()
    await symlink('/etc/hostname', join(run.folder, 'a'))
    await expect(openForReading(join(run.folder, 'a'), 'a', true)).rejects.toThrow('ELOOP')
    await expect(openForWriting(join(run.folder, 'a'), 'a', true)).rejects.toThrow('ELOOP')
  })

  test('a link that flips all the time never leads a read outside', async () => {
    await using run = await startedRun({ files: { 'data/real/a': 'mine' }, sandbox: { allowedPaths: ['data'] } })
    await mkdir(join(run.outer, 'secret'))
    await writeFile(join(run.outer, 'secret/a'), 'secret')
    const link = join(run.folder, 'data/link')
    let isOver = false
    const flipping = (async () => {
      for (let turn = 0; !isOver; turn++) {
        await symlink(turn % 2 === 0 ? 'real' : '../../secret', `${link}.new`)
        await rename(`${link}.new`, link)
      }
    })()
    const seen = new Set<unknown>()
    for (let attempt = 0; attempt < 500; attempt++)
      seen.add(await run.call('file_read', { path: 'data/link/a' }).catch((error: Error) => error.constructor.name))
    isOver = true
    await flipping
    expect(seen).toContain('mine')
    expect(seen).not.toContain('secret')
  })
})
