// Under compat the reference's table of expressions holds also where ours is better by a switch of Compat.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { evaluateCondition } from '../expression/evaluate.ts'
import { parseExpression } from '../expression/parse.ts'
import { parseValue } from '../value/codec.ts'
import type { ValueMap } from '../value/value.ts'
import { compatFor } from './compat.ts'

const STATE =
  parseValue(`{"n":5,"t":true,"none":null,"s":"Hello World","l":[3,1,2],"el":[],"d":{"a":1,"b":{"c":"x"},"keys":"K"},"ed":{},
 "mix":[1,"1",true],"ls":[{"name":"n0"},{"name":"n1"}],"nested":[[1,2],[3]],"items":["i0","i1"],"steps":{"l":{"output":[1,2],"status":"success"}}}`) as ValueMap

/** Rows that need a switch: equality of lists and mappings, negative indexes, literals nobody means. */
const ROWS: ReadonlySet<number> = new Set([79, 80, 81, 82, 83, 84, 85, 101, 230, 269, 270, 271, 306, 362, 363, 371])

const rows = readFileSync(new URL('../expression/reference-table.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as [number, string, string, string])
  .filter(([number]) => ROWS.has(number))

test.each(rows)('%i: %s is as the reference says under compat', (_number, text, wanted) => {
  const outcome = (): string => {
    try {
      return evaluateCondition(parseExpression(text, compatFor('agentloom')), STATE) ? 'match' : 'no match'
    } catch {
      return 'error'
    }
  }
  expect(outcome()).toBe(wanted)
})
