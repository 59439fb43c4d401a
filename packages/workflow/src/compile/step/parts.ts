import { AgentloomError } from '../../errors.ts'
import type { Findings } from '../../diagnostics/findings.ts'
import { type Path, pathText } from '../../diagnostics/path.ts'
import { ExpressionError } from '../../expression/errors.ts'
import type { Expression } from '../../expression/expression.ts'
import { parseExpression } from '../../expression/parse.ts'
import type { Argument, Broken, StatePath } from '../../plan/plan.ts'
import { parseArgument } from '../../state/argument.ts'
import { StatePathError } from '../../state/errors.ts'
import { parsePath } from '../../state/path.ts'
import { TemplateSyntaxError } from '../../template/errors.ts'
import { parseTemplate } from '../../template/parse.ts'
import type { Template } from '../../template/template.ts'
import type { Value, ValueMap } from '../../value/value.ts'
import { INDEX_MAX } from '../limits.ts'
import type { StepContext } from './context.ts'

// Texts are read here, once. One that cannot be read is a warning (an error under strict) and a Broken in the plan: the
// format lets the file load, and the step fails when it is reached.

/** Where a text stands; asked only for findings. */
type At = () => Path

export function templateAt(text: string, at: At, findings: Findings): Template | Broken {
  return orBroken(() => parseTemplate(text), at, findings)
}

/** @param field where in the step it stands */
export function expressionAt(text: string, field: Path, { path, compat, findings }: StepContext): Expression | Broken {
  const at = (): Path => [...path, ...field]
  const expression = orBroken(() => parseExpression(text, compat), at, findings)
  if ('broken' in expression) return expression
  for (const { message, help, offset } of expression.warnings) {
    findings.warn('expression/doubtful', at(), message, { help, part: { index: offset, length: 1 } })
  }
  return expression
}

interface ArgumentOptions {
  /** Also inside lists and mappings. */
  readonly isRecursive: boolean
}

/** @param field where in the step it stands */
export function argumentAt(
  value: Value,
  field: Path,
  { path, compat, findings }: StepContext,
  { isRecursive }: ArgumentOptions,
): Argument | Broken {
  return orBroken(
    () => parseArgument(value, { isRecursive, hasSecrets: !compat.refusesNewConstructs }),
    () => [...path, ...field],
    findings,
  )
}

export function argumentsAt(
  values: ValueMap,
  field: string,
  context: StepContext,
  options: ArgumentOptions,
): { readonly [name: string]: Argument | Broken } {
  const args: Record<string, Argument | Broken> = {}
  for (const name of Object.keys(values)) args[name] = argumentAt(values[name] ?? null, [field, name], context, options)
  return args
}

/** Empty text is no output. */
export function outputAt(text: string | null, at: At, findings: Findings): StatePath | Broken | null {
  if (text === null || text === '') return null
  const output = orBroken(() => parsePath(text), at, findings)
  if ('broken' in output) return output
  const [root] = output.segments
  if (root === 'steps' || root === '_approval' || root === 'state' || output.segments.includes('__proto__')) {
    findings.error('workflow/bad-output-path', at(), `'${String(root)}' cannot be written by a step`, {
      help: root === 'state' ? 'paths begin below state: leave `state.` out' : null,
    })
  } else if (output.segments.some((segment) => typeof segment === 'number' && Math.abs(segment) > INDEX_MAX)) {
    findings.error('workflow/bad-output-path', at(), `a list index above ${INDEX_MAX}`)
  }
  return output
}

/** A part that the type needs and the step does not have. */
export function missingPart(what: string, path: Path, findings: Findings): Broken {
  const message = `a step of this type needs \`${what}\``
  findings.warn('workflow/missing-field', path, `${message}; it fails when it is reached`)
  return { broken: { code: 'workflow/missing-field', message, place: pathText([...path, what]), help: null } }
}

function orBroken<Part extends object>(read: () => Part, at: At, findings: Findings): Part | Broken {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof AgentloomError)) throw error
    const offset = error instanceof TemplateSyntaxError || error instanceof ExpressionError ? error.offset : null
    if (offset === null && !(error instanceof StatePathError)) throw error
    const { code, message, help } = error
    const path = at()
    findings.warn(code, path, message, { help, part: offset === null ? undefined : { index: offset, length: 1 } })
    const place = offset === null ? pathText(path) : `${pathText(path)}, character ${offset + 1}`
    return { broken: { code, message, place, help } }
  }
}
