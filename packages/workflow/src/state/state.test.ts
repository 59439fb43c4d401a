import { describe, expect, test } from 'vitest'
import type { ValueMap } from '../value/value.ts'
import { StateDraft, writePath } from './draft.ts'
import { StateWriteError } from './errors.ts'
import { parsePath, readPath } from './path.ts'
import { checkWritable } from './writable.ts'

const STATE: ValueMap = {
  s: 'Hi',
  none: null,
  t: true,
  l: [3, 'a', 7],
  ls: [{ name: 'n0' }],
  m: [[1, 2], [3]],
  d: { a: 1, b: { c: 'x' } },
}

describe('paths', () => {
  test.each([
    ['a.b[0].c', ['a', 'b', 0, 'c']],
    ['m[0][1]', ['m', 0, 1]],
    ['[0]', [0]],
    ['l[-1]', ['l', -1]],
    ['l[x]', ['l[x]']],
    ['l[0]x', ['l[0]x']],
    ['l[ 0 ]', ['l[ 0 ]']],
    ['note[draft].a', ['note[draft]', 'a']],
    ['last name', ['last name']],
    ['  ', ['  ']],
  ])('%s', (text, segments) => {
    expect(parsePath(text)).toEqual({ text, segments })
  })

  test.each(['', 'a..b', '.a', 'a.', '.'])('%j has an empty segment', (text) => {
    expect(() => parsePath(text)).toThrow(expect.objectContaining({ code: 'state/path' }))
  })

  test.each([
    ['d.b.c', 'x'],
    ['l[-1]', 7],
    ['m[1][0]', 3],
    ['ls[0].name', 'n0'],
    ['none', null],
    ['l[9]', undefined],
    ['l[-4]', undefined],
    ['l.0', undefined],
    ['d[0]', undefined],
    ['s[0]', undefined],
    ['zz.x', undefined],
    ['l[99999999999999999999]', undefined],
    ['constructor', undefined],
    ['d.__proto__', undefined],
    ['l.length', undefined],
  ])('reading %s', (text, wanted) => {
    expect(readPath(STATE, parsePath(text))).toEqual(wanted)
  })
})

describe('writing', () => {
  test.each([
    ['new', { new: 1 }],
    ['p.q.r', { p: { q: { r: 1 } } }],
    ['l[0]', { l: [1, 'a', 7] }],
    ['l[-1]', { l: [3, 'a', 1] }],
    ['m[0][1]', { m: [[1, 1], [3]] }],
    ['ls[0].new', { ls: [{ name: 'n0', new: 1 }] }],
    ['d.b.c', { d: { a: 1, b: { c: 1 } } }],
    ['s', { s: 1 }],
    ['l', { l: 1 }],
  ])('%s', (text, change) => {
    const before = structuredClone(STATE)
    expect(writePath(STATE, parsePath(text), 1)).toEqual({ ...STATE, ...change })
    expect(STATE).toEqual(before)
  })

  test.each([
    [
      'l[3]',
      "List index 3 out of range in path 'l[3]'. Lists are not auto-expanded by set(); pre-allocate the list before writing to indexed paths.",
    ],
    [
      'l[5].x',
      'pre-allocate the list (e.g. via an initial value containing 6 elements) before writing to indexed paths.',
    ],
    ['rows[0]', "List index 0 out of range in path 'rows[0]'"],
    ['d[0]', "List index 0 out of range in path 'd[0]'"],
    ['s.x', "Cannot write to 's.x': intermediate 's' is a str, not a dict. Refusing to silently overwrite the scalar."],
    ['none.x', "intermediate 'none' is a NoneType"],
    ['t.x.y', "intermediate 't' is a bool"],
    ['d.a.x', "Cannot write to 'd.a.x': intermediate 'd.a' is a int"],
    [
      'l.x',
      "Cannot write to 'l.x': parent path 'l' resolves to a list, not a dict. Use an integer index to traverse a list, or rebuild the parent path first.",
    ],
    [
      'l.x.y',
      "Cannot write to 'l.x.y': intermediate 'l' is a list, not a dict. Use an integer index to traverse a list, or rebuild the parent path explicitly.",
    ],
    ['l[0].x', "Expected dict or list at '0' in path 'l[0].x', got int"],
    ['__proto__', 'the key __proto__ is not allowed'],
    ['d.__proto__.x', 'the key __proto__ is not allowed'],
  ])('%s is refused, and was refused before the work', (text, message) => {
    const path = parsePath(text)
    const before = structuredClone(STATE)
    const refusal = expect.objectContaining({
      code: 'state/write',
      place: text,
      message: expect.stringContaining(message),
    })
    expect(() => checkWritable(STATE, path)).toThrow(refusal)
    expect(() => writePath(STATE, path, 1)).toThrow(refusal)
    expect(STATE).toEqual(before)
  })

  test('a value that is in the way is not shown', () => {
    const refusal = (): ValueMap => writePath({ key: 'sk-secret' }, parsePath('key.x'), 1)
    expect(refusal).toThrow(StateWriteError)
    expect(refusal).not.toThrow(/sk-secret/)
  })

  test('a refused write leaves nothing behind', () => {
    const draft = new StateDraft({})
    expect(() => draft.write(parsePath('new.a[0]'), 1)).toThrow(StateWriteError)
    expect(draft.state).toEqual({})
  })
})

describe('a draft', () => {
  test('shares what it does not touch, and copies what it touches once', () => {
    const base: ValueMap = { a: { x: 1 }, b: { y: [1, 2] } }
    const draft = new StateDraft(base)
    draft.write(parsePath('a.x'), 2)
    const { a } = draft.state
    draft.write(parsePath('a.z'), 3)
    expect(draft.state.a).toBe(a)
    expect(draft.state.b).toBe(base.b)
    expect(base).toEqual({ a: { x: 1 }, b: { y: [1, 2] } })
  })

  test('a snapshot stays as it was', () => {
    const draft = new StateDraft({ a: { x: 1 } })
    draft.write(parsePath('a.x'), 2)
    const kept = draft.snapshot()
    draft.write(parsePath('a.x'), 3)
    expect(kept).toEqual({ a: { x: 2 } })
    expect(draft.state).toEqual({ a: { x: 3 } })
  })

  test('a value written is not changed by a later write below it', () => {
    const receipt = { path: 'out/x.txt' }
    const draft = new StateDraft({})
    draft.write(parsePath('receipt'), receipt)
    draft.write({ text: 'steps.save', segments: ['steps', 'save'] }, { output: receipt })
    draft.write(parsePath('receipt.copy'), 'one')
    expect(receipt).toEqual({ path: 'out/x.txt' })
    expect(draft.state).toEqual({
      receipt: { path: 'out/x.txt', copy: 'one' },
      steps: { save: { output: { path: 'out/x.txt' } } },
    })
  })
})
