import type { Path } from '../diagnostics/path.ts'
import type { Broken, StatePath, StepSpec, ToolStep } from '../plan/plan.ts'
import { argumentReferences } from '../state/argument.ts'
import type { Reference } from '../state/reference.ts'

/** References of one text of a step. */
export interface TextReads {
  /** Index of the step as declared, and where in it the text stands. */
  readonly index: number
  readonly field: Path
  readonly references: readonly Reference[]
  /** False where offsets of the references are those of texts further inside. */
  readonly hasOffsets: boolean
}

const PROMPT = ['prompt']
const SYSTEM_PROMPT = ['system_prompt']

export function pathOf({ index, field }: TextReads): Path {
  return ['steps', index, ...field]
}

/** Everything that a step reads from the state, text by text. */
export function readsOf(step: StepSpec, index: number): readonly TextReads[] {
  const reads: TextReads[] = []
  const add = (field: Path, references: readonly Reference[], hasOffsets = true): void => {
    if (references.length > 0) reads.push({ index, field, references, hasOffsets })
  }
  const addArguments = (key: string, args: ToolStep['args']): void => {
    for (const name of Object.keys(args)) {
      const argument = args[name]
      if (argument === undefined || 'broken' in argument) continue
      add([key, name], argumentReferences(argument), argument.kind !== 'list' && argument.kind !== 'mapping')
    }
  }
  switch (step.type) {
    case 'llm_call':
      add(PROMPT, referencesOf(step.prompt))
      add(SYSTEM_PROMPT, referencesOf(step.systemPrompt))
      break
    case 'tool':
      addArguments('tool_args', step.args)
      break
    case 'function':
      addArguments('input', step.input)
      break
    case 'router':
      for (const [at, { expression }] of step.conditions.entries()) {
        add(['conditions', at, 'expression'], referencesOf(expression))
      }
      break
  }
  return reads
}

/** The path without list indexes, as references give it. */
export function keysOf({ segments }: StatePath): readonly string[] {
  return segments.filter((segment) => typeof segment === 'string')
}

export function isBroken(part: object | string | null): part is Broken {
  return typeof part === 'object' && part !== null && 'broken' in part
}

function referencesOf(part: { readonly references: readonly Reference[] } | Broken | null): readonly Reference[] {
  return part === null || 'broken' in part ? [] : part.references
}
