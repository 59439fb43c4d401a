import { compareText } from './code-points.ts'
import { isTuple, sequenceItems, valuesEqual, type Meter } from './equal.ts'
import { PythonError } from './error.ts'
import { isNumeric, magnitude } from './number.ts'
import { PyList, typeName, type Py } from './objects.ts'

export type Ordering = '<' | '<=' | '>' | '>='

/** Python's ordering: numbers with numbers, texts by code point, lists and tuples of an expression element by element. */
export function ordered(operator: Ordering, left: Py, right: Py, meter: Meter): boolean {
  meter.spend(1)
  if (isNumeric(left) && isNumeric(right)) return holds(operator, magnitude(left), magnitude(right))
  if (typeof left === 'string' && typeof right === 'string') return holds(operator, compareText(left, right), 0)
  if (left instanceof PyList && right instanceof PyList && isTuple(left) === isTuple(right)) {
    const items = sequenceItems(left) ?? []
    const others = sequenceItems(right) ?? []
    for (const [index, item] of items.entries()) {
      const other = others[index]
      if (other === undefined) break
      if (!valuesEqual(item, other, meter)) return ordered(operator, item, other, meter)
    }
    return holds(operator, items.length, others.length)
  }
  throw new PythonError(`'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`)
}

function holds(operator: Ordering, left: number | bigint, right: number | bigint): boolean {
  switch (operator) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
  }
}
