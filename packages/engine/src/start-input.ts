import {
  Float,
  fromPlain,
  isList,
  isMapping,
  nearest,
  ResultError,
  shown,
  type InputDeclaration,
  type Plan,
  type Value,
  type ValueMap,
} from '@agentloom/workflow'
import { StartOptionError } from './start-option-error.ts'

/**
 * A run's input as it is stored: what the caller gave, and the defaults of what the workflow declares under `inputs`. Where
 * it declares any, keys that are neither declared nor in its `state` are refused.
 * @throws {StartOptionError} `run/bad-option` for what is no mapping, `run/bad-input` naming a declared field
 * @throws {ResultError} for what is no JSON
 */
export function inputOf(plan: Plan, given: unknown): ValueMap {
  const input = plainInput(given)
  if (!isMapping(input)) throw new StartOptionError('input', 'give a mapping of state keys to values')
  refuseUnknown(plan, input)
  return declaredInput(plan, input)
}

/** The text of an input of a run that somebody starts; a child run's is what its parent has. @throws {StartOptionError} */
export function checkedInput(text: string): string {
  if (text.length > INPUT_CHARACTERS_MAX) throw inputTooLarge()
  return text
}

/** As of a step's output. */
const INPUT_CHARACTERS_MAX = 10 * 1_024 * 1_024

function inputTooLarge(): StartOptionError {
  return new StartOptionError('input', `is larger than ${INPUT_CHARACTERS_MAX / 1_048_576} MiB of JSON`, {
    code: 'run/input-too-large',
    help: 'put it into a file or a store that the steps can read, and pass where it is',
  })
}

function plainInput(given: unknown): Value {
  try {
    return fromPlain(given ?? {})
  } catch (error) {
    throw error instanceof ResultError && error.code === 'result/too-large' ? inputTooLarge() : error
  }
}

function refuseUnknown({ inputs, state }: Plan, input: ValueMap): void {
  if (inputs === null) return
  const known = new Set([...inputs.map(({ name }) => name), ...Object.keys(state)])
  const unknown = Object.keys(input).find((name) => !known.has(name))
  if (unknown === undefined) return
  const meant = nearest(unknown, known)
  throw new StartOptionError(`input.${shown(unknown)}`, 'is none of the inputs that the workflow declares', {
    code: 'run/bad-input',
    help: meant === null ? `declared: ${shown([...known].join(', '))}` : `did you mean ${meant}?`,
  })
}

export function declaredInput({ inputs }: Plan, input: ValueMap): ValueMap {
  const steps = Object.hasOwn(input, 'steps') ? input['steps'] : undefined
  if (steps !== undefined && !isMapping(steps))
    throw new StartOptionError('input.steps', 'must be a mapping: the results of steps are kept there')
  return inputs === null ? input : withDefaults(inputs, input)
}

function withDefaults(declared: readonly InputDeclaration[], input: ValueMap): ValueMap {
  const filled: [string, Value][] = []
  for (const field of declared) {
    const value = Object.hasOwn(input, field.name) ? input[field.name] : undefined
    if (value !== undefined && value !== null) check(field, value)
    else if (field.default !== undefined && value === undefined) filled.push([field.name, field.default])
    else if (field.isRequired) throw badInput(field, 'is required')
  }
  return filled.length === 0 ? input : { ...Object.fromEntries(filled), ...input }
}

function check(field: InputDeclaration, value: Value): void {
  const found = typeOf(value)
  if (field.type === 'any' || field.type === found || (field.type === 'number' && found === 'integer')) return
  throw badInput(
    field,
    `must be ${field.type === 'integer' ? 'an integer' : `a ${field.type}`}, not ${articleOf(found)}`,
  )
}

function badInput({ name, description }: InputDeclaration, message: string): StartOptionError {
  return new StartOptionError(`input.${name}`, message, {
    code: 'run/bad-input',
    help: description === '' ? null : `${name}: ${description}`,
  })
}

function typeOf(value: Value): Exclude<InputDeclaration['type'], 'any'> {
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value === 'string' ? 'string' : 'boolean'
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) return 'integer'
  if (typeof value === 'number' || value instanceof Float) return 'number'
  return isList(value) ? 'list' : 'mapping'
}

function articleOf(type: string): string {
  return type === 'integer' ? 'an integer' : `a ${type}`
}
