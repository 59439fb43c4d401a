import { describe, expect, test } from 'vitest'
import { parseValue } from '../value/codec.ts'
import { isMapping, type ValueMap } from '../value/value.ts'
import { TemplateError, TemplateSyntaxError } from './errors.ts'
import { parseTemplate } from './parse.ts'
import { renderTemplate } from './render.ts'

const STATE =
  mapping(`{"n": 5, "f": 2.5, "fl1": 1.0, "t": true, "none": null, "s": "Hi", "l": [3, "a", null, true, 1.5], "d": {"a": 1, "b": {"c": "x"}},
  "ls": [{"name": "n0", "tags": ["p", "q"]}], "m": [[1, 2], [3]], "my-key": "hy", "sp ace": "spv", "a.b": "dotted", "_p": "priv", "big": 100000000000000000000,
  "tiny": 1e-7, "q": "it's \\"q\\"", "u": "héé", "br": "{state.n}", "emoji": "😀x", "empty": []}`)

function mapping(json: string): ValueMap {
  const value = parseValue(json)
  if (!isMapping(value)) throw new Error('a state is a mapping')
  return value
}

function render(text: string, state: ValueMap = STATE): string {
  return renderTemplate(parseTemplate(text), state)
}

describe('what a template gives', () => {
  test.each([
    ['{state.n} {n}', '5 5'],
    ['{state.f} {state.fl1} {state.tiny} {state.big}', '2.5 1.0 1e-07 100000000000000000000'],
    ['{state.t} {state.none} {none}', 'True None None'],
    ['{state.l} {l}', "[3, 'a', None, True, 1.5] [3, 'a', None, True, 1.5]"],
    ['{state.d}', "{'a': 1, 'b': {'c': 'x'}}"],
    ['{state.d.b.c} {state[d][a]} {state.d[a]} {d[b][c]}', 'x 1 1 x'],
    ['{state.ls[0].name} {state.ls[0][name]} {ls[0][name]}', 'n0 n0 n0'],
    ['{state.m[0][1]} {m[1][0]}', '2 3'],
    ['{state.l[-1]} {state.l[ 0 ]}', '1.5 3'],
    ['[{state.l[9]}{state.l[x]}{state.l[1:2]}{state.l[-6]}]', '[]'],
    ['[{state.missing}{state.d.zzz}{state.d[zzz]}]', '[]'],
    ['{missing} {n+1}', '{missing} {n+1}'],
    ['{missing[0]}', '{'],
    ['{state.s[0]} {s[1]} {emoji[0]} {state.emoji[1]}', 'H i 😀 x'],
    [
      '{state.s!r} {d!r} {state.u!a} {state.l!r}',
      `'Hi' {'a': 1, 'b': {'c': 'x'}} 'h\\xe9\\xe9' [3, 'a', None, True, 1.5]`,
    ],
    ['{state.f:.1f} {state.n:03d} {state.s:>5} {state.s:^6}|', '2.5 005    Hi   Hi  |'],
    ['{state.n:.1f} {state.f:.0%} {state.f:e} {state.big:,}', '5.0 250% 2.500000e+00 100,000,000,000,000,000,000'],
    ['{state.t:d} {state.t:>6}', '1      1'],
    ['{l!s:>3}', "[3, 'a', None, True, 1.5]"],
    ['{missing:>12} [{state.missing:>3}]', '   {missing} [   ]'],
    ['{state.s:{n}}| {n:{n}d} {state.f:.{n}f}', 'Hi   |     5 2.50000'],
    ['{{literal}} {{state.n}} {{{state.n}}}', '{literal} {state.n} {5}'],
    ['{{"key": "{state.n}"}}', '{"key": "5"}'],
    ['{state.n:}', '5'],
    ['[{state.n }{state._n}{state[0]}]', '[]'],
    ['{my-key} {state.my-key} {sp ace} {state[a.b]} {_p} {state._p}', 'hy hy spv dotted priv priv'],
    ['[{state[\'n\']}{state["n"]}{state.n + 1}]', '[]'],
    ['\\{state.n\\}', '\\'],
    ['{state.br}{br}', '{state.n}{state.n}'],
    ['{steps} [{state.steps}]', '{steps} []'],
    ['{state.empty} {q!r}', `[] 'it\\'s "q"'`],
    ['{state.u:.2} {emoji:.1}|{emoji:>4}|', 'hé 😀|  😀x|'],
    ['a }} b {{ c', 'a } b { c'],
    ['', ''],
  ])('%s', (text, wanted) => {
    expect(render(text)).toBe(wanted)
  })

  test('the whole state, in its order', () => {
    expect(render('{state}', { title: 'Plan B', tags: ['red', 'blue'] })).toBe(
      "{'title': 'Plan B', 'tags': ['red', 'blue']}",
    )
  })

  test('an own key called state is reached through the wrapper only', () => {
    expect(render('{state.state} {state[state]}', { state: 1 })).toBe('1 1')
  })
})

describe('what fails over this state', () => {
  test.each([
    ['{d.a}', "'dict' object has no attribute 'a'"],
    ['{ls[0].name}', "'dict' object has no attribute 'name'"],
    ['{l[-1]}', 'list indices must be integers or slices, not str'],
    ['{l[9]}', 'list index out of range'],
    ['{state.l.x}', "'list' object has no attribute 'x'"],
    ['{missing.x}', "'str' object has no attribute 'x'"],
    ['{state.missing.x}', "'str' object has no attribute 'x'"],
    ['{state.d.zzz.y}', "'str' object has no attribute 'y'"],
    ['{state.missing[0]}', 'string index out of range'],
    ['{state.missing[x]}', "string indices must be integers, not 'str'"],
    ['{d[zzz]}', "no key 'zzz'"],
    ['{state.none.x}', "'NoneType' object has no attribute 'x'"],
    ['{state.n.x}', "'int' object has no attribute 'x'"],
    ['{state.n[0]}', "'int' object is not subscriptable"],
    ['{state.s.upper()}', "'str' object has no attribute 'upper()'"],
    ['{state.s:d}', "Unknown format code 'd' for object of type 'str'"],
    ['{state.none:>5}', 'unsupported format string passed to NoneType.__format__'],
    ['{state.l:>5}', 'unsupported format string passed to list.__format__'],
    ['{state.d:>5}', 'unsupported format string passed to dict.__format__'],
    ['{ state.n }', "'str' object has no attribute 'n '"],
  ])('%s', (text, message) => {
    const template = parseTemplate(text)
    expect(() => renderTemplate(template, STATE)).toThrow(
      expect.objectContaining({ code: 'template/render', message: expect.stringContaining(message) }),
    )
  })

  test('the place is the brace of the placeholder', () => {
    const template = parseTemplate('ab {n} {d.a}')
    expect(() => renderTemplate(template, STATE)).toThrow(
      expect.objectContaining({ offset: 7, help: expect.stringContaining('{state.d…}') }),
    )
  })
})

describe('what is no template is refused when it is read', () => {
  test.each([
    ['{', 0],
    ['}', 0],
    ['Hello {name', 6],
    ['a } b', 2],
    ['{}', 0],
    ['{0}', 0],
    ['{.n}', 0],
    ['{٣}', 0],
    ['{state..n}', 6],
    ['{state.}', 6],
    ['{state[}', 0],
    ['{state[n}', 0],
    ['{state.l[0}', 0],
    ['{state.l[0]x}', 11],
    ['{state.l[]}', 8],
    ['{state.n!x}', 8],
    ['{state.n!}', 0],
    ['{state.n!r x}', 10],
    ['{state.n!', 8],
    ['{state.n:>5', 0],
    ['{a{b}}', 2],
    ['{"key": "{state.n}"}', 7],
    ['{n:q}', 3],
    ['{x:{y:{z}}}', 6],
    ['{n:,_}', 3],
  ])('%s', (text, offset) => {
    expect(() => parseTemplate(text)).toThrow(expect.objectContaining({ code: 'template/syntax', offset }))
  })

  test('braces that are meant as text get a hint', () => {
    expect(() => parseTemplate('{"key": "{state.n}"}')).toThrow(
      expect.objectContaining({ help: 'write {{ and }} for braces that are meant as text' }),
    )
  })

  test.each(['{'.repeat(100_001), '{a'.repeat(30_000), '{x:'.repeat(20_000), `{x${'['.repeat(100_000)}`])(
    '%#: in linear time',
    (text) => {
      expect(() => parseTemplate(text)).toThrow(TemplateSyntaxError)
    },
  )
})

describe('limits', () => {
  test.each(['{x:>999999999}', '{x:0999999999d}', '{x:10001}', '{f:.999999999f}', '{f:.101f}'])(
    '%s is refused when it is read',
    (text) => {
      expect(() => parseTemplate(text)).toThrow(expect.objectContaining({ code: 'template/limit' }))
    },
  )

  test.each([1_000_000_000n, '9'.repeat(20), '0'.repeat(1_000)])(
    'a width from the state of %s is refused when it is rendered',
    (w) => {
      const template = parseTemplate('{x:{w}}')
      expect(() => renderTemplate(template, { x: 'a', w: typeof w === 'bigint' ? Number(w) : w })).toThrow(
        expect.objectContaining({ code: 'template/limit' }),
      )
    },
  )

  test('a text of more than 8 Mi characters is not built', () => {
    const page = 'x'.repeat(1_000_000)
    const many = parseTemplate('{state.page}'.repeat(100_000))
    expect(() => renderTemplate(many, { page })).toThrow(expect.objectContaining({ code: 'template/limit' }))
    const all = Array.from({ length: 20 }, () => page)
    expect(() => render('{state}', { all })).toThrow(expect.objectContaining({ code: 'template/limit' }))
    expect(() => render('{all!r:>5}', { all })).toThrow(TemplateError)
    expect(render('{state.page}'.repeat(8), { page }).length).toBe(8_000_000)
  })
})

describe('only data is reached', () => {
  test.each([
    ['{state.__proto__}{state.constructor}{state.toString}{state.d.constructor}{state[constructor]}', ''],
    ['{constructor} {__proto__} {toString}', '{constructor} {__proto__} {toString}'],
    ['{state.__init__}', ''],
  ])('%s', (text, wanted) => {
    expect(render(text)).toBe(wanted)
  })

  test.each([
    '{state.s.constructor}',
    '{state.l.length}',
    '{state.s.at}',
    '{state.__init__.__globals__}',
    '{n.__class__}',
    '{d[constructor]}',
    '{l.length}',
  ])('%s fails like any unknown name', (text) => {
    expect(() => render(text)).toThrow(expect.objectContaining({ code: 'template/render' }))
  })

  test.each(['{state.l[99999999999999999999]}', '{state.l[-99999999999]}', '{state.l[1e3]}'])(
    '%s is out of range',
    (text) => {
      expect(render(text)).toBe('')
    },
  )

  test.each(['{state.secret}', '$&', '$1', '$`'])('a value %s is printed as it is', (value) => {
    expect(render('[{state.v}] [{v}]', { v: value })).toBe(`[${value}] [${value}]`)
  })
})

describe('references', () => {
  test.each([
    ['{state.a.b} {c}', [['a', 'b'], ['c']]],
    ['{state.items[0].name} {grid[0][1]}', [['items', 'name'], ['grid']]],
    [
      '{state.prices[oat milk]} {steps[a][output]} {state.steps.a.output}',
      [
        ['prices', 'oat milk'],
        ['steps', 'a', 'output'],
        ['steps', 'a', 'output'],
      ],
    ],
    ['{state}', [null]],
    ['{word:{width}}', [['word'], ['width']]],
    ['{state.l[-1]!r:>5} {{no}}', [['l']]],
  ])('%s', (text, paths) => {
    expect(parseTemplate(text).references.map(({ path }) => path)).toEqual(paths)
  })

  test('a reference knows its place in the text, also inside a format specification', () => {
    const text = 'x {{}} {state.a.b:{state.w}}'
    const found = parseTemplate(text).references.map(({ offset, length }) => text.slice(offset, offset + length))
    expect(found).toEqual(['state.a.b', 'state.w'])
  })
})
