import { described, shown } from '../diagnostics/shown.ts'
import { nearest } from '../diagnostics/nearest.ts'
import { AgentloomError } from '../errors.ts'
import { Float, isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import type { InputDeclaration, Plan } from './plan.ts'

/** What a run is to begin with is not what its workflow declares in `inputs`. */
export class InputError extends AgentloomError {
  override readonly name = 'InputError'
  readonly code = 'run/input'
  readonly retryable = false
  override readonly place: string
  override readonly help: string | null

  constructor(message: string, at: { readonly name: string; readonly help: string | null }) {
    super(message)
    this.place = `inputs.${at.name}`
    this.help = at.help
  }
}

/**
 * Checks what a run is given against what its workflow declares; a workflow that declares nothing takes everything.
 * @throws {InputError} `run/input` for what is missing, of another type, or not declared
 */
export function checkInput({ inputs }: Pick<Plan, 'inputs'>, input: ValueMap): void {
  if (inputs === null) return
  for (const { name, type, isRequired } of inputs) {
    const value = Object.hasOwn(input, name) ? input[name] : undefined
    if (value === undefined) {
      if (isRequired)
        throw new InputError(`the input '${shown(name, 80)}' is missing`, { name, help: `it is a ${type}` })
    } else if (!fitsType(value, type)) {
      const message = `the input '${shown(name, 80)}' is ${described(value)}`
      throw new InputError(message, { name, help: `the workflow declares a ${type}` })
    }
  }
  const names = new Set(inputs.map(({ name }) => name))
  for (const name of Object.keys(input)) {
    if (names.has(name)) continue
    const near = nearest(name, names)
    const help =
      near === null
        ? `it has ${[...names].map((known) => shown(known, 40)).join(', ') || 'none'}`
        : `did you mean ${near}?`
    throw new InputError(`the workflow has no input '${shown(name, 80)}'`, { name: shown(name, 80), help })
  }
}

export function fitsType(value: Value, type: InputDeclaration['type']): boolean {
  switch (type) {
    case 'any':
      return true
    case 'string':
      return typeof value === 'string'
    case 'boolean':
      return typeof value === 'boolean'
    case 'integer':
      return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))
    case 'number':
      return typeof value === 'bigint' || typeof value === 'number' || value instanceof Float
    case 'list':
      return isList(value)
    case 'mapping':
      return isMapping(value)
    default:
      return type satisfies never
  }
}
