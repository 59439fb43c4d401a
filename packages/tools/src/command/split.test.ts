import { describe, expect, test } from 'vitest'
import { splitCommand } from './split.ts'

const environment = new Map([
  ['HOME', '/home/run'],
  ['SPACED', 'a b'],
])
const words = (command: string) => splitCommand(command, environment)

describe('words are what sh would make of them', () => {
  test.each([
    ['', []],
    ['  \t ', []],
    ['echo a  b', ['echo', 'a', 'b']],
    [`echo 'a b' "c d"`, ['echo', 'a b', 'c d']],
    [`a'b'"c"d`, ['abcd']],
    [`echo '' ""`, ['echo', '', '']],
    [String.raw`echo a\ b \'x`, ['echo', 'a b', "'x"]],
    [String.raw`echo "a\"b\\c\n"`, ['echo', String.raw`a"b\c\n`]],
    [String.raw`echo 'a\b'`, ['echo', String.raw`a\b`]],
    ['echo a #comment', ['echo', 'a']],
    ['echo a#b', ['echo', 'a#b']],
    ['grep é☕', ['grep', 'é☕']],
  ])('%j', (command, expected) => {
    expect(words(command)).toEqual(expected)
  })
})

describe('variables come from the minimal environment, before any check', () => {
  test.each([
    ['echo $HOME_X', ['echo']],
    ['echo "$HOME_X"', ['echo', '']],
    ['echo x$HOME_X', ['echo', 'x']],
    ['cat $HOME/x ${HOME}', ['cat', '/home/run/x', '/home/run']],
    ["echo '$HOME'", ['echo', '$HOME']],
    [String.raw`echo \$HOME "\$HOME"`, ['echo', '$HOME', '$HOME']],
    ['echo $SPACED', ['echo', 'a b']],
    ['echo $ 5$ "$"', ['echo', '$', '5$', '$']],
    ['echo $# $? $1 $@', ['echo', '0', '0']],
  ])('%j', (command, expected) => {
    expect(words(command)).toEqual(expected)
  })
})

test('what only a shell can do stays as written: tilde, globs, braces', () => {
  expect(words('cat ~/x * [ab]? {a,b}')).toEqual(['cat', '~/x', '*', '[ab]?', '{a,b}'])
})

test.each(['a|b', 'a;b', "echo 'a;b'", 'a&', 'a`b`', 'a\nb', 'a\rb', 'a$(b)', 'a>b', 'a<b'])(
  'the operator in %j is refused, quoted or not',
  (command) => {
    expect(() => words(command)).toThrow(`Shell operators are not allowed in sandboxed commands: '${command}'`)
  },
)

test.each(["echo 'a", 'echo "a', 'echo a\\', 'echo ${A:-b}', 'echo $$'])('%j cannot be parsed', (command) => {
  expect(() => words(command)).toThrow(`Cannot parse command: '${command}'`)
})
