import { BuilderError } from './errors.ts'
import type { Named } from './ref.ts'

/** Step id → the state key that its output is written to, for the steps that have one. */
export type OutputNames = ReadonlyMap<string, string>

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const PYTHON_WORDS = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global if ' +
    'import in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
)

/** Keys from the root of the state. */
function stateKeys({ stepId, path }: Named, outputs: OutputNames): readonly (string | number)[] {
  if (stepId === null) return path
  const output = outputs.get(stepId)
  return output === undefined ? ['steps', stepId, 'output', ...path] : [output, ...path]
}

/** `{state.issue.url}`. */
export function templateField(named: Named, outputs: OutputNames): string {
  const parts = stateKeys(named, outputs).map((key) => {
    if (typeof key === 'number') return `[${key}]`
    // In brackets a key of digits would be an index; after a dot only these end a name.
    if (!/[.[\]{}!:]/.test(key) && key !== '') return `.${key}`
    if (/[[\]{}!:]/.test(key) || key === '') throw unsayable(key, named)
    return `[${key}]`
  })
  return `{state${parts.join('')}}`
}

/** `state.issue.url`, as arguments name a raw value. */
export function statePath(named: Named, outputs: OutputNames): string {
  let text = 'state'
  for (const key of stateKeys(named, outputs)) {
    if (typeof key === 'string' && (/[.[\]{}]/.test(key) || key === '')) throw unsayable(key, named)
    text += typeof key === 'number' ? `[${key}]` : `.${key}`
  }
  return text
}

/** `state.issue['my-key']`. */
export function expressionPath(named: Named, outputs: OutputNames): string {
  const parts = stateKeys(named, outputs).map((key) => {
    if (typeof key === 'number') return `[${key}]`
    return NAME.test(key) && !PYTHON_WORDS.has(key) ? `.${key}` : `[${pythonText(key)}]`
  })
  return `state${parts.join('')}`
}

/** A text as an expression writes it. */
export function pythonText(text: string): string {
  const escaped = text.replace(/[\\'\p{Cc}\p{Cs}]/gu, (character) => {
    if (character === '\\' || character === "'") return `\\${character}`
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return `'${escaped}'`
}

function unsayable(key: string, { stepId }: Named): BuilderError {
  return new BuilderError(`the key ${JSON.stringify(key)} cannot be named in a workflow's texts`, { step: stepId })
}
