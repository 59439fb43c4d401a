import type { Findings } from '../diagnostics/findings.ts'
import { described, shown } from '../diagnostics/shown.ts'
import { fitsType } from '../plan/input.ts'
import type { InputDeclaration } from '../plan/plan.ts'
import { INPUTS_MAX } from '../schema/limits.ts'
import type { WorkflowText } from '../schema/workflow-schema.ts'
import { isMapping, type Value, type ValueMap } from '../value/value.ts'

const RESERVED = new Set(['steps', '_approval', 'state', 'secrets', '__proto__'])

export function inputsOf(
  { inputs }: WorkflowText,
  written: ValueMap,
  findings: Findings,
): readonly InputDeclaration[] | null {
  if (inputs === undefined) return null
  const names = Object.keys(inputs)
  if (names.length > INPUTS_MAX) {
    findings.error('workflow/limit', ['inputs'], `${names.length} inputs; a workflow has ${INPUTS_MAX} at most`)
    return null
  }
  const raw = written['inputs']
  return names.flatMap((name): readonly InputDeclaration[] => {
    const input = inputs[name]
    if (input === undefined) return []
    const { type, required: isRequired, description } = input
    if (RESERVED.has(name)) findings.error('workflow/schema', ['inputs', name], `'${name}' cannot be an input`)
    // What a default is made of is a user's data: as it was written.
    const value = defaultOf(raw, name)
    if (value === undefined) return [{ name, type, isRequired, description }]
    const path = ['inputs', name, 'default']
    if (!fitsType(value, type)) {
      findings.error('workflow/schema', path, `the default of '${shown(name, 80)}' is ${described(value)}, no ${type}`)
    }
    if (isRequired) findings.warn('workflow/schema', path, 'a required input never has its default')
    return [{ name, type, isRequired, description, default: value }]
  })
}

/** The initial state with the defaults of inputs, which are laid over it as an input is. */
export function initialState(state: ValueMap, inputs: readonly InputDeclaration[] | null): ValueMap {
  const defaults = (inputs ?? []).flatMap(({ name, default: value }) => (value === undefined ? [] : [[name, value]]))
  return defaults.length === 0 ? state : { ...state, ...Object.fromEntries(defaults) }
}

function defaultOf(raw: Value | undefined, name: string): Value | undefined {
  const declared = raw !== undefined && isMapping(raw) ? raw[name] : undefined
  return declared !== undefined && isMapping(declared) ? declared['default'] : undefined
}
