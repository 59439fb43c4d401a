// Texts as nobody writes them: pieces of the languages in any order, and workflows with something cut, doubled or put in.

import fc from 'fast-check'

/** What leads out of the data in Python, in JavaScript, or in YAML. */
const ESCAPES = [
  '__proto__',
  'constructor',
  'prototype',
  '__class__',
  '__mro__',
  '__globals__',
  '__init__',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'length',
  'mro',
  'format',
  'format_map',
  'then',
  'toJSON',
]

const EXPRESSION =
  "state steps .n .s .l .d .a .output .status [0] [-1] [1:] [::-1] ['k'] ( ) [ ] { } , : and or not in is == != < <= > >= + - * ** // % ~ if else lambda for True False None len( str( int( float( max( min( abs( bool( isinstance( .upper() .split() .join( .get( .keys() .format( .replace( .zfill( .count( 1 2.5 1e308 0x1F 1_000 'x' \"y\" b'z' 1j ... '\\N{BULLET}' '\\x41' r'\\d' # \\ \n := ** @ ; $".split(
    ' ',
  )

const TEMPLATE =
  '{ } {{ }} {state {state. {state.n} {state.s} {state.l[0]} {state.l[-1]} {d[a]} {n} {steps.a.output} {secrets.KEY} . [ ] !r !s !a !x : :>5 :05d :.3f :,} :{n} :e :% :99999999999d 0 {0} {} \\{ {state.l!r:>10}'.split(
    ' ',
  )

const pieces = (all: readonly string[], separator: string) =>
  fc
    .array(
      fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom(...all) },
        { weight: 3, arbitrary: fc.constantFrom(...ESCAPES, ...ESCAPES.map((name) => `.${name}`)) },
        { weight: 2, arbitrary: fc.string({ maxLength: 4, unit: 'binary' }) },
      ),
      { maxLength: 24 },
    )
    .map((parts) => parts.join(separator))

export const expressionText = fc.oneof(pieces(EXPRESSION, ''), pieces(EXPRESSION, ' '), fc.string({ unit: 'binary' }))
export const templateText = fc.oneof(pieces(TEMPLATE, ''), pieces(TEMPLATE, ' '), fc.string({ unit: 'binary' }))

const WORKFLOWS = [
  `name: w
version: '2'
config: {provider: mock, max_concurrent_steps: 3, sandbox: {enabled: true, allowed_paths: [data]}}
state: &s {n: 1, list: [1, 2.5, null, yes], day: 2024-03-05}
state_schema: {"*key": {redact: true}}
steps:
  - {id: a, type: llm_call, prompt: 'Hi {state.n}', output: o}
  - id: r
    type: router
    depends_on: [a]
    conditions: [{expression: "state.n > 1 and 'x' in state.o", target: b}]
    default: c
  - {id: b, type: tool, depends_on: [r], tool_name: file_read, tool_args: {path: "{state.o}", raw: state.list[0]}}
  - {id: c, type: approval_gate, depends_on: [r], timeout_seconds: 5, on_timeout: approve}
`,
  `name: nested
inputs: {ticket: {type: string, required: true}}
state:
  <<: {base: 1}
  text: |
    two
    lines
steps:
- id: child
  type: subworkflow
  isolated_state: true
  input: {x: "{state.text}"}
  workflow_inline: {name: inner, steps: [{id: z, type: sleep, seconds: 1}]}
- {id: each, type: foreach, items: state.list, step: {type: tool, tool_name: t, tool_args: {a: state.item}}, depends_on: [child]}
- {id: w, type: wait_for, signal: paid, timeout: 5, on_timeout: continue, when: state.n is None, join: any, depends_on: [child]}
finally:
- {id: f, type: function, handler: h, input: {k: "{secrets.KEY}"}}
`,
]

const YAML_PIECES = [
  '&a ',
  '*a',
  '<<: *a',
  '!!python/object:os.system ',
  '!tag ',
  '? ',
  ': ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '|',
  '>-',
  '#',
  '\t',
  '\n',
  '\r\n',
  '  ',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '\u0000',
  '\ufeff',
  '\u2028',
  '😀',
  '\ud800',
  '~',
  'null',
  'yes',
  '.nan',
  '.inf',
  '0o17',
  '017',
  '1e999',
  '9'.repeat(400),
  '__proto__: {x: 1}',
  'constructor: 1',
  'steps: []',
  'id: a',
  'depends_on: [a]',
  'x-y: 1',
]

type Edit = (text: string) => string
const at = fc.double({ min: 0, max: 1, noNaN: true })
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(at, fc.constantFrom(...YAML_PIECES)).map(([where, piece]): Edit => (text) => {
    const index = Math.floor(where * text.length)
    return text.slice(0, index) + piece + text.slice(index)
  }),
  fc.tuple(at, fc.nat(40)).map(([where, length]): Edit => (text) => {
    const index = Math.floor(where * text.length)
    return text.slice(0, index) + text.slice(index + length)
  }),
  fc.tuple(at, at, fc.nat(80)).map(([from, to, length]): Edit => (text) => {
    const [source, target] = [Math.floor(from * text.length), Math.floor(to * text.length)]
    return text.slice(0, target) + text.slice(source, source + length) + text.slice(target)
  }),
)

export const yamlText = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom(...WORKFLOWS), fc.array(edit, { minLength: 1, maxLength: 6 }))
      .map(([text, edits]) => edits.reduce((sum, change) => change(sum), text)),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom(...YAML_PIECES, 'name: w\n', 'steps:\n'), { maxLength: 40 })
      .map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
)
