// Turns an expression into closures, once: evaluating it then walks no tree and looks up no kinds.
import { hashKey } from '../python/containers.ts'
import { isTruthy } from '../python/equal.ts'
import { PythonError } from '../python/error.ts'
import { PyDict, PyList, type Py } from '../python/objects.ts'
import { readAttribute, readItem, readSlice } from './access.ts'
import { ExpressionError } from './errors.ts'
import { callFunction, FUNCTION_VALUES } from './functions.ts'
import { callMethod } from './methods.ts'
import { compare, minus, plus, signed } from './operators.ts'
import { STATE, STEPS } from './roots.ts'
import type { Scope } from './scope.ts'
import type { Node } from './syntax.ts'
import { nameHelp } from './warnings.ts'

export type Evaluate = (scope: Scope) => Py

export function compile(node: Node): Evaluate {
  switch (node.kind) {
    case 'constant':
      return constant(node.value)
    case 'name':
      return name(node.name, node.offset)
    case 'attribute': {
      const target = compile(node.target)
      const { name: attribute } = node
      return placed(node, (scope) => readAttribute(target(scope), attribute, scope))
    }
    case 'subscript': {
      const target = compile(node.target)
      const { key } = node
      return placed(node, (scope) => readItem(target(scope), key, scope))
    }
    case 'slice': {
      const target = compile(node.target)
      const { bounds } = node
      return placed(node, (scope) => readSlice(target(scope), bounds, scope))
    }
    case 'call': {
      const args = node.args.map(compile)
      const { name: called } = node
      return placed(node, (scope) => callFunction(called, evaluateAll(args, scope), scope))
    }
    case 'method': {
      const target = compile(node.target)
      const args = node.args.map(compile)
      const { name: called } = node
      return placed(node, (scope) => callMethod(target(scope), { name: called, args: evaluateAll(args, scope), scope }))
    }
    case 'sequence': {
      const items = node.items.map(compile)
      const kind = node.isTuple ? 'tuple' : 'list'
      return (scope) => new PyList(evaluateAll(items, scope), kind)
    }
    case 'mapping':
      return mapping(node)
    case 'all':
    case 'any':
      return logical(node.kind, node.operands.map(compile))
    case 'not': {
      const operand = compile(node.operand)
      return (scope) => !isTruthy(operand(scope))
    }
    case 'negate':
    case 'plus': {
      const operand = compile(node.operand)
      const sign = node.kind === 'plus' ? '+' : '-'
      return placed(node, (scope) => signed(sign, operand(scope)))
    }
    case 'add': {
      const [left, right] = [compile(node.left), compile(node.right)]
      return placed(node, (scope) => plus(left(scope), right(scope), scope))
    }
    case 'subtract': {
      const [left, right] = [compile(node.left), compile(node.right)]
      return placed(node, (scope) => minus(left(scope), right(scope)))
    }
    case 'compare':
      return comparison(node)
    case 'choice': {
      const [condition, consequent, otherwise] = [
        compile(node.condition),
        compile(node.consequent),
        compile(node.otherwise),
      ]
      return (scope) => (isTruthy(condition(scope)) ? consequent(scope) : otherwise(scope))
    }
  }
}

/** Gives the errors of one operation its place in the text. */
function placed({ offset }: Node, evaluate: Evaluate): Evaluate {
  return (scope) => {
    try {
      return evaluate(scope)
    } catch (error) {
      if (!(error instanceof PythonError)) throw error
      throw new ExpressionError(error.kind === 'limit' ? 'expression/limit' : 'expression/evaluation', error.message, {
        offset,
        help: helpFor(error),
      })
    }
  }
}

function helpFor({ message }: PythonError): string | null {
  return message.startsWith("'NoneType' object has no attribute")
    ? 'test it before: state.a is not None and state.a.b == 1'
    : null
}

function constant(value: Py): Evaluate {
  return () => value
}

function name(text: string, offset: number): Evaluate {
  if (text === 'state') return () => STATE
  if (text === 'steps') return () => STEPS
  const value = FUNCTION_VALUES.get(text)
  if (value !== undefined) return () => value
  return () => {
    throw new ExpressionError('expression/evaluation', `name '${text}' is not defined`, {
      offset,
      help: nameHelp(text),
    })
  }
}

function evaluateAll(items: readonly Evaluate[], scope: Scope): Py[] {
  return items.map((item) => item(scope))
}

function mapping(node: Extract<Node, { kind: 'mapping' }>): Evaluate {
  const entries = node.entries.map(([key, value]) => [compile(key), compile(value)] as const)
  return placed(node, (scope) => {
    const map = new Map<string, readonly [Py, Py]>()
    for (const [key, value] of entries) {
      const evaluated = key(scope)
      const hash = hashKey(evaluated)
      // As in Python the first key stays and the last value wins.
      map.set(hash, [map.get(hash)?.[0] ?? evaluated, value(scope)])
    }
    return new PyDict(map)
  })
}

/** Gives one of the operands, not a boolean; stops at the first that decides. */
function logical(kind: 'all' | 'any', operands: readonly Evaluate[]): Evaluate {
  const decides = kind === 'any'
  return (scope) => {
    let value: Py = null
    for (const operand of operands) {
      value = operand(scope)
      if (isTruthy(value) === decides) return value
    }
    return value
  }
}

/** `a < b < c` is `a < b and b < c`, with b evaluated once. */
function comparison(node: Extract<Node, { kind: 'compare' }>): Evaluate {
  const first = compile(node.first)
  const rest = node.rest.map(([operator, operand]) => [operator, compile(operand)] as const)
  const [only, ...others] = rest
  if (only !== undefined && others.length === 0) {
    const [operator, right] = only
    return placed(node, (scope) => compare(operator, first(scope), right(scope), scope))
  }
  return placed(node, (scope) => {
    let left = first(scope)
    for (const [operator, operand] of rest) {
      const right = operand(scope)
      if (!compare(operator, left, right, scope)) return false
      left = right
    }
    return true
  })
}
