import { describe, expect, test } from 'vitest'
import { PyList, type Py } from './objects.ts'
import { Arguments, textMethod } from './text-methods.ts'

const UNBOUNDED = { spend: (): undefined => undefined, checkLength: (): undefined => undefined }

function call(text: string, name: string, ...args: readonly Py[]): unknown {
  const method = textMethod(name)
  if (method === undefined) throw new Error(`no method ${name}`)
  const result = method.call(text, new Arguments(name, args), UNBOUNDED)
  return result instanceof PyList ? result.items : result
}

// Every line was checked against Python 3.11.
describe('methods of texts', () => {
  test.each<[string, string, readonly Py[], unknown]>([
    ['ΑΣ ΣΑΣ', 'lower', [], 'ας σας'],
    ['ΑΣ ΣΑΣ', 'swapcase', [], 'ας σας'],
    ['ß', 'upper', [], 'SS'],
    ['İ', 'lower', [], 'i̇'],
    ['ẞß', 'casefold', [], 'ssss'],
    ["don't ﬁne ǆ", 'title', [], "Don'T Fine ǅ"],
    ['ﬁne HERE', 'capitalize', [], 'Fine here'],
    ['  pad  ', 'strip', [], 'pad'],
    ['xxabcxx', 'strip', ['x'], 'abc'],
    ['🍰a🍰', 'rstrip', ['🍰'], '🍰a'],
    ['Hello', 'startswith', [new PyList(['x', 'He'], 'tuple')], true],
    ['Hello', 'endswith', ['lo', -2], true],
    ['🍰a🍰b', 'find', ['🍰', 1], 2],
    ['🍰a🍰b', 'rfind', ['🍰'], 2],
    ['aaa', 'count', ['aa'], 1],
    ['🍰', 'count', [''], 2],
    ['ab', 'replace', ['', '-'], '-a-b-'],
    ['aaa', 'replace', ['a', 'b', 2], 'bba'],
    ['a,b,,c', 'split', [','], ['a', 'b', '', 'c']],
    ['  a b  c ', 'split', [null, 1], ['a', 'b  c ']],
    ['aaa', 'rsplit', ['aa'], ['a', '']],
    ['a b c', 'rsplit', [null, 1], ['a b', 'c']],
    ['a\nb\r\nc\x85', 'splitlines', [], ['a', 'b', 'c']],
    ['a,b', 'partition', [','], ['a', ',', 'b']],
    ['a', 'rpartition', [','], ['', '', 'a']],
    ['-', 'join', [['a', 'b']], 'a-b'],
    ['-7', 'zfill', [5], '-0007'],
    ['abc', 'center', [6], ' abc  '],
    ['ab', 'center', [5, '*'], '**ab*'],
    ['३', 'isdigit', [], true],
    ['²', 'isdecimal', [], false],
    ['三', 'isnumeric', [], true],
    ['x\u0085', 'strip', [], 'x'],
    ['\ufeffx', 'strip', [], '\ufeffx'],
  ])('%j.%s(%j)', (text, name, args, wanted) => {
    expect(call(text, name, ...args)).toEqual(wanted)
  })

  test.each(['format', 'encode', 'format_map', 'constructor', 'at', '__class__', 'toString'])(
    'there is no %s',
    (name) => {
      expect(textMethod(name)).toBeUndefined()
    },
  )

  test.each<[string, readonly Py[]]>([
    ['upper', [1]],
    ['split', ['']],
    ['find', [1]],
    ['index', ['zz']],
    ['ljust', [5, 'ab']],
    ['join', [[1]]],
    ['zfill', ['5']],
  ])('%s(%j) fails', (name, args) => {
    expect(() => call('abc', name, ...args)).toThrow(expect.objectContaining({ name: 'PythonError' }))
  })
})
