import type { Compat, CompatName } from '../../compat/compat.ts'
import type { Definition } from '../../plan/plan.ts'
import type { ConfigText } from '../../schema/workflow-schema.ts'
import { isMapping, type Value, type ValueMap } from '../../value/value.ts'

/** What a sub-workflow takes over from its parent. */
export interface Parent {
  readonly definition: Definition
  readonly config: ConfigText
  readonly compatName: CompatName
  readonly compat: Compat
  /** Patterns of its `state_schema`, its own parents' among them. */
  readonly redact: readonly string[]
}

export interface Child {
  readonly workflow: ValueMap
  readonly files: Definition['files']
  readonly compat: CompatName
  readonly isIsolated: boolean
}

/**
 * The child's definition with what it inherits written into it, so that it compiles to the same plan without its parent:
 * provider and model where it names none; the mock and its answers, since a run that is mocked bills nobody; the parent's
 * sandbox where that is on; redaction. `strict` is left out: it is asked for where the whole is compiled.
 */
export function inherited({ workflow, files, compat, isIsolated }: Child, parent: Parent): Definition {
  const written = mappingAt(parent.definition.workflow, 'config')
  const own = workflow['config']
  // What is no mapping there is refused when the child is compiled.
  if (own !== undefined && !isMapping(own)) return { format: 1, workflow, compat, files }
  const { strict: _, ...kept } = own ?? {}
  const config = {
    ...missing(kept, written, ['provider', 'model']),
    ...kept,
    ...mockOf(written, parent),
    ...sandboxOf(written, parent),
  }
  const isSandboxDropped = parent.compat.childHasParentsSandbox && written['sandbox'] === undefined
  if (isSandboxDropped) delete config['sandbox']
  const { state, config: __, state_schema: ownSchema, ...rest } = workflow
  const schema = redaction(ownSchema, parent.redact)
  return {
    format: 1,
    compat: compat ?? parent.compatName,
    files: { ...files, ...responsesOf(parent) },
    workflow: {
      ...rest,
      ...(Object.keys(config).length > 0 && { config }),
      ...(state !== undefined && !(parent.compat.sharedChildHasNoState && !isIsolated) && { state }),
      ...(schema !== undefined && { state_schema: schema }),
    },
  }
}

function missing(own: ValueMap, written: ValueMap, keys: readonly string[]): Record<string, Value> {
  return picked(
    written,
    keys.filter((key) => !Object.hasOwn(own, key)),
  )
}

function mockOf(written: ValueMap, { config }: Parent): ValueMap {
  return config.provider === 'mock'
    ? picked(written, ['provider', 'responses_file', 'latency_model', 'latency_ms'])
    : {}
}

function responsesOf({ config, definition: { files } }: Parent): Definition['files'] {
  const name = config.provider === 'mock' ? config.responses_file : null
  const text = name !== null && Object.hasOwn(files, name) ? files[name] : undefined
  return name === null || text === undefined ? {} : { [name]: text }
}

function sandboxOf(written: ValueMap, { config, compat }: Parent): ValueMap {
  return config.sandbox.enabled || compat.childHasParentsSandbox ? picked(written, ['sandbox']) : {}
}

function redaction(own: Value | undefined, patterns: readonly string[]): Value | undefined {
  if (patterns.length === 0 || (own !== undefined && !isMapping(own))) return own
  return { ...own, ...Object.fromEntries(patterns.map((pattern) => [pattern, { redact: true }])) }
}

function picked(from: ValueMap, keys: readonly string[]): Record<string, Value> {
  const found: Record<string, Value> = {}
  for (const key of keys) {
    const value = Object.hasOwn(from, key) ? from[key] : undefined
    if (value !== undefined && value !== null) found[key] = value
  }
  return found
}

function mappingAt(workflow: ValueMap, key: string): ValueMap {
  const value = workflow[key]
  return value !== undefined && isMapping(value) ? value : {}
}
