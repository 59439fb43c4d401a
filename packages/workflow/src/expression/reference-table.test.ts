// The reference's own table of expressions (451 of them, from its specification, section 12), value by value. Where ours is better
// on purpose the row is listed below with what it gives instead.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isTruthy } from '../python/equal.ts'
import { repr } from '../python/text.ts'
import { isMapping, type Value, type ValueMap } from '../value/value.ts'
import { parseValue } from '../value/codec.ts'
import { ExpressionError } from './errors.ts'
import { evaluate } from './evaluate.ts'
import { parseExpression } from './parse.ts'

const STATE = mapping(
  parseValue(`{"n":5,"z":0,"neg":-7,"f":2.5,"one":1,"t":true,"fl":false,"none":null,"s":"Hello World","e":"","num":"42","fs":"3.9","ws":"  pad  ",
 "l":[3,1,2],"el":[],"d":{"a":1,"b":{"c":"x"},"keys":"K"},"ed":{},"ls":[{"name":"n0","tags":["p","q"]},{"name":"n1"}],"mix":[1,"1",true],
 "nested":[[1,2],[3]],"u":"héÉß","items":["i0","i1"],"len":9,"str":"shadow","big":123456789012345678901234567890,"fl1":1.0,"e3":1000.0,"tiny":1e-7,"nan":"nan","bin":"a,b,c",
 "tpl":"{0.__class__.__mro__}","my-key":"hy","sp ace":1,"k":{"0":"int0","x-y":2},
 "steps":{"a":{"output":"out-a","status":"success"},"j":{"output":{"k":1},"status":"success"},"l":{"output":[1,2],"status":"success"},"my-step":{"output":"O","status":"success"}}}`),
)

/** Row → what it gives here: lists and mappings compare by value, negative indexes work, a forgotten `()` is an error, … */
const BETTER: ReadonlyMap<number, string> = new Map([
  [15, 'no match []'],
  [16, 'no match {}'],
  [17, "match {'a': 1, 'b': {'c': 'x'}, 'keys': 'K'}"],
  [18, 'match [3, 1, 2]'],
  [79, 'match True'],
  [80, 'match True'],
  [82, 'match True'],
  [83, 'match True'],
  [84, 'match True'],
  [85, 'match True'],
  [94, "match ['i0', 'i1']"],
  [101, 'match 2'],
  [102, 'match [1, 2]'],
  [103, 'match [2]'],
  [105, 'match [3, 2]'],
  [140, 'error expression/forbidden'],
  [141, 'error expression/forbidden'],
  [147, "match 'HELLO WORLD!'"],
  [148, 'match True'],
  [150, "match '[3, 1, 2]'"],
  [151, `match "{'a': 1, 'b': {'c': 'x'}, 'keys': 'K'}"`],
  [205, 'match <state>'],
  [206, 'match <steps>'],
  [215, 'match <step missing>'],
  [218, 'match 1'],
  [230, 'match True'],
  [269, 'error expression/forbidden'],
  [270, 'error expression/forbidden'],
  [271, 'error expression/forbidden'],
  [277, 'error expression/forbidden'],
  [285, 'match True'],
  [294, 'error expression/evaluation'],
  [295, 'error expression/evaluation'],
  [298, "match 'HELLO WORLD'"],
  [300, 'match 4'],
  [301, "match '1'"],
  [306, "match 'd'"],
  [330, 'error expression/forbidden'],
  [362, 'match True'],
  [363, 'match True'],
  [368, 'match <step a>'],
  [371, 'match 2'],
  [392, 'error expression/forbidden'],
])

const rows = readFileSync(new URL('reference-table.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line): readonly [number, string, string] => {
    const [number, text, result, value] = JSON.parse(line) as [number, string, string, string]
    return [number, text, BETTER.get(number) ?? expected(text, result, value)]
  })

test.each(rows)('%i: %s', (_number, text, wanted) => {
  expect(outcome(text)).toBe(wanted)
})

function expected(text: string, result: string, value: string): string {
  if (result !== 'error') return `${result} ${value}`
  if (value.startsWith('SECURITY')) return 'error expression/forbidden'
  return value.startsWith('Invalid expression syntax') || text.trim() === ''
    ? 'error expression/syntax'
    : 'error expression/evaluation'
}

function outcome(text: string): string {
  try {
    const value = evaluate(parseExpression(text), STATE)
    return `${isTruthy(value) ? 'match' : 'no match'} ${repr(value)}`
  } catch (error) {
    if (error instanceof ExpressionError) return `error ${error.code}`
    throw error
  }
}

function mapping(value: Value): ValueMap {
  if (!isMapping(value)) throw new Error('a state is a mapping')
  return value
}
