import { expect, test } from 'vitest'
import { pathCandidates } from './path-arguments.ts'

const always = (...words: string[]) =>
  pathCandidates(words)
    .filter((candidate) => !candidate.onlyIfExists)
    .map((candidate) => candidate.text)
const ifExists = (...words: string[]) =>
  pathCandidates(words)
    .filter((candidate) => candidate.onlyIfExists)
    .map((candidate) => candidate.text)

test('operands with a slash, and . and .., are paths in any case', () => {
  expect(always('a/b', '.', '..', '/etc')).toEqual(['a/b', '.', '..', '/etc'])
})

test('a plain operand is a path if it exists', () => {
  expect(ifExists('secrets')).toEqual(['secrets'])
})

test('values behind = are paths, each of them', () => {
  expect(always('--ignore=/etc/x', 'if=/dev/sda')).toEqual(['/etc/x', 'if=/dev/sda', '/dev/sda'])
  expect(always('--set=a=/etc/x')).toContain('/etc/x')
})

test('values glued to short options are paths', () => {
  expect(always('-o/etc/passwd')).toEqual(['/etc/passwd'])
  expect(always('-o../x')).toContain('../x')
  expect(always('-xzf/etc/x')).toContain('/etc/x')
  expect(ifExists('-osecrets')).toContain('secrets')
})

test('bare options are none', () => {
  expect(pathCandidates(['-1', '-', '--all'])).toEqual([])
})

test('after -- everything is an operand', () => {
  expect(ifExists('--', '-x')).toEqual(['-x'])
})

test('paths behind other marks are checked where they exist, so that a web address is not mistaken for one', () => {
  expect(ifExists('@/etc/passwd')).toContain('/etc/passwd')
  expect(ifExists('file:/etc/passwd')).toContain('/etc/passwd')
  expect(always('https://example.org/x')).toEqual(['https://example.org/x'])
})
