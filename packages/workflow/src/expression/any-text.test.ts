import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTemplate } from '../template/parse.ts'
import { renderTemplate } from '../template/render.ts'
import { AgentloomError } from '../errors.ts'
import type { ValueMap } from '../value/value.ts'
import { evaluateCondition } from './evaluate.ts'
import { parseExpression } from './parse.ts'

const STATE: ValueMap = {
  n: 5,
  s: '😀é',
  l: [1, [2]],
  d: { a: null },
  steps: { a: { output: { k: [1] }, status: 'success' } },
}

const PIECES = [
  [
    'state',
    '.n',
    '.s',
    '.l',
    '.d',
    'steps',
    '.a',
    '.output',
    '[0]',
    '[-1]',
    '[1:]',
    "['k']",
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '{{',
    '!r',
    ':',
    ':>5',
    ':{n}',
  ],
  [
    ' and ',
    ' or ',
    'not ',
    ' in ',
    ' is ',
    ' == ',
    ' < ',
    ' + ',
    ' - ',
    ' if ',
    ' else ',
    'len(',
    'str(',
    'int(',
    'max(',
    '.upper()',
    '.split()',
    '.get(',
  ],
  [',', '1', '2.5', "'x'"],
].flat()
const pieces = fc.constantFrom(...PIECES)
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.oneof({ weight: 9, arbitrary: pieces }, fc.string({ maxLength: 3 })), { maxLength: 20 })
    .map((parts) => parts.join('')),
)

test('whatever the text is, reading and using it gives a value or a typed error with a place inside it', () => {
  const check = (source: string): void => {
    for (const use of [
      () => evaluateCondition(parseExpression(source), STATE),
      () => renderTemplate(parseTemplate(source), STATE),
    ]) {
      try {
        use()
      } catch (error) {
        expect(error).toBeInstanceOf(AgentloomError)
        const offset: unknown = Reflect.get(Object(error), 'offset')
        expect(offset).toBeGreaterThanOrEqual(0)
        expect(offset).toBeLessThanOrEqual(source.length)
      }
    }
  }
  fc.assert(fc.property(text, check), { numRuns: 5_000 })
})
