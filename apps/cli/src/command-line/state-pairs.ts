import { parseValue, ValueError, type Value } from '@agentloom/workflow'
import { CliError } from '../errors.ts'
import { printable } from '../terminal/printable.ts'
import { repeatedKey } from './repeated-key.ts'

/** Would be the object's own machinery to careless code behind us. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * `key=value` (the value is text) and `key:=json`, later ones win. Split at the first `=`; a key is taken literally.
 * @throws {CliError} `input/state`
 */
export function stateFromPairs(pairs: readonly string[]): ReadonlyMap<string, Value> {
  const state = new Map<string, Value>()
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at === -1) throw wrong(pair)
    const isJson = pair[at - 1] === ':'
    const key = pair.slice(0, isJson ? at - 1 : at)
    if (key === '') throw wrong(pair)
    checkKey(key, '--state')
    const text = pair.slice(at + 1)
    state.set(key, isJson ? json(text, key) : text)
  }
  return state
}

/** @throws {CliError} `input/state` */
export function checkKey(key: string, place: string): void {
  if (FORBIDDEN_KEYS.has(key)) throw new CliError('input/state', `the state key ${key} is not allowed`, { place })
}

function json(text: string, key: string): Value {
  const place = `--state ${printable(key, 80)}`
  const repeated = repeatedKey(text)
  if (repeated !== null) {
    const { name, column } = repeated
    throw new CliError('input/state', `column ${column}: the key '${printable(name, 80)}' is given twice`, { place })
  }
  try {
    return parseValue(text)
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    const column = /position (\d+)/.exec(error.message)?.[1]
    const where = column === undefined ? `column ${text.length + 1}` : `column ${Number(column) + 1}`
    throw new CliError('input/state', `${where}: the value is ${printable(error.message)}`, {
      place,
      help: `text is written ${printable(key, 80)}=text, JSON ${printable(key, 80)}:=json`,
    })
  }
}

function wrong(pair: string): CliError {
  return new CliError('input/state', `Invalid state format '${printable(pair)}'. Use key=value.`, { place: '--state' })
}
