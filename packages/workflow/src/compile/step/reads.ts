import type { Path } from '../../diagnostics/path.ts'
import type { Argument, Broken, ForeachStep, StatePath, StepSpec } from '../../plan/plan.ts'
import { argumentReferences } from '../../state/argument.ts'
import type { Reference } from '../../state/reference.ts'

/** References of one text of a step. */
export interface TextReads {
  /** Where the step stands, and where in it the text. */
  readonly step: Path
  readonly field: Path
  readonly references: readonly Reference[]
  /** False where offsets of the references are those of texts further inside. */
  readonly hasOffsets: boolean
}

/** What `foreach` lays over the state for each item. */
const ITEM_KEYS = new Set(['item', 'index'])
const EVERYTHING: readonly Reference[] = [{ path: null, offset: 0, length: 0 }]

export function pathOf({ step, field }: TextReads): Path {
  return [...step, ...field]
}

/** Everything that a step reads from the state, text by text. */
export function readsOf(step: StepSpec, path: Path): readonly TextReads[] {
  const reads: TextReads[] = []
  collect(step, [], (field, references, hasOffsets = true) => {
    if (references.length > 0) reads.push({ step: path, field, references, hasOffsets })
  })
  return reads
}

/** Top-level keys of the state that a step reads; null where it may read any. */
export function stateKeysRead(step: StepSpec): ReadonlySet<string> | null {
  const references = readsOf(step, []).flatMap((read) => read.references)
  const keys = references.flatMap(({ path }) => path?.[0] ?? [])
  return keys.length < references.length ? null : new Set(keys)
}

type Add = (field: Path, references: readonly Reference[], hasOffsets?: boolean) => void

function collect(step: StepSpec, base: Path, add: Add): void {
  if (step.when !== null) add([...base, 'when'], referencesOf(step.when))
  if (step.cache !== null) add([...base, 'cache', 'key'], referencesOf(step.cache.key))
  switch (step.type) {
    case 'llm_call':
      add([...base, 'prompt'], referencesOf(step.prompt))
      add([...base, 'system_prompt'], referencesOf(step.systemPrompt))
      for (const [at, { source }] of step.attachments.entries()) {
        add([...base, 'attachments', at, 'source'], referencesOf(source))
      }
      break
    case 'tool':
      addArguments([...base, 'tool_args'], step.args, add)
      break
    case 'function':
      addArguments([...base, 'input'], step.input, add)
      break
    case 'router':
      for (const [at, { expression }] of step.conditions.entries()) {
        add([...base, 'conditions', at, 'expression'], referencesOf(expression))
      }
      break
    case 'subworkflow':
      if (step.isIsolated) addArguments([...base, 'input'], step.input, add)
      else add(base, EVERYTHING, false)
      break
    case 'approval_gate':
      if (step.notify !== null) add([...base, 'notify', 'body_template'], notificationReads(step.notify.body))
      break
    case 'foreach':
      addArgument([...base, 'items'], step.items, add)
      collectBody(step.body, [...base, 'step'], add)
      break
    case 'sleep':
      add([...base, 'until'], referencesOf(step.until))
      break
    case 'wait_for':
      add([...base, 'signal'], referencesOf(step.signal))
      break
    default:
      step satisfies never
  }
}

function collectBody(body: ForeachStep['body'], base: Path, add: Add): void {
  if ('broken' in body) return
  collect(body, base, (field, references, hasOffsets) => {
    const outside = references.filter(({ path }) => path === null || !ITEM_KEYS.has(path[0] ?? ''))
    add(field, outside, hasOffsets)
  })
}

/** Names that a notification's text has beside the state. */
const NOTIFICATION_NAMES = new Set(['run_id', 'step_id', 'workflow_name'])

function notificationReads(body: Parameters<typeof referencesOf>[0]): readonly Reference[] {
  return referencesOf(body).filter(({ path }) => path?.length !== 1 || !NOTIFICATION_NAMES.has(path[0] ?? ''))
}

function addArguments(base: Path, args: { readonly [name: string]: Argument | Broken }, add: Add): void {
  for (const name of Object.keys(args)) {
    const argument = args[name]
    if (argument !== undefined) addArgument([...base, name], argument, add)
  }
}

/** Text by text, so that each has its own place; of a text with secrets only the whole is known. */
function addArgument(field: Path, argument: Argument | Broken, add: Add): void {
  if ('broken' in argument) return
  if (argument.kind === 'list') {
    for (const [index, item] of argument.items.entries()) addArgument([...field, index], item, add)
  } else if (argument.kind === 'mapping') addArguments(field, argument.entries, add)
  else add(field, argumentReferences(argument), argument.kind !== 'secret')
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
