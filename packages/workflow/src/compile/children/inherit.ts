import type { Compat, CompatName } from '../../compat/compat.ts'
import type { Definition } from '../../plan/plan.ts'
import { sandboxShape } from '../../schema/config-schema.ts'
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
  /** Of the step that runs it. */
  readonly queue: string | null
}

/**
 * The child's definition with what it inherits written into it, so that it compiles to the same plan without its parent:
 * provider and model where it names none; the mock and its answers, since a run that is mocked bills nobody; the parent's
 * sandbox where that is on; the pool of its step; redaction. `strict` is left out: it is asked for where the whole is compiled.
 */
export function inherited({ workflow, files, compat, isIsolated, queue }: Child, parent: Parent): Definition {
  const written = mappingAt(parent.definition.workflow, 'config')
  const own = workflow['config']
  // What is no mapping there is refused when the child is compiled.
  if (own !== undefined && !isMapping(own)) return { format: 1, workflow, compat, files }
  const { strict: _, ...kept } = own ?? {}
  const config: Record<string, Value> = {
    ...missing(kept, written, ['provider', 'model', 'queue']),
    ...(queue !== null && !Object.hasOwn(kept, 'queue') && { queue }),
    ...(parent.config.provider === 'mock' ? { ...without(kept, MOCK), ...picked(written, MOCK) } : kept),
  }
  const { sandbox, outer } = sandboxesOf(kept['sandbox'], written['sandbox'], parent)
  if (sandbox === undefined) delete config['sandbox']
  else config['sandbox'] = sandbox
  const { state, config: __, state_schema: ownSchema, ...rest } = workflow
  const schema = redaction(ownSchema, parent.redact)
  return {
    format: 1,
    compat: compat ?? parent.compatName,
    files: { ...files, ...responsesOf(parent) },
    ...(outer.length > 0 && { sandboxes: outer }),
    workflow: {
      ...rest,
      ...(Object.keys(config).length > 0 && { config }),
      ...(state !== undefined && !(parent.compat.sharedChildHasParentsStateOnly && !isIsolated) && { state }),
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

/** What the mock goes by: one for the whole run, as there is one gateway. */
const MOCK = ['provider', 'responses_file', 'latency_model', 'latency_ms']

function without(own: ValueMap, keys: readonly string[]): ValueMap {
  return Object.fromEntries(Object.entries(own).filter(([key]) => !keys.includes(key)))
}

function responsesOf({ config, definition: { files } }: Parent): Definition['files'] {
  const name = config.provider === 'mock' ? config.responses_file : null
  const text = name !== null && Object.hasOwn(files, name) ? files[name] : undefined
  return name === null || text === undefined ? {} : { [name]: text }
}

/** Its own where the parent has none; the parent's where it has none itself; else both: its own, inside of the parent's. */
function sandboxesOf(
  own: Value | undefined,
  parents: Value | undefined,
  { definition: { sandboxes = [] }, config, compat }: Parent,
): { readonly sandbox: Value | undefined; readonly outer: readonly ValueMap[] } {
  if (compat.childHasParentsSandbox) return { sandbox: parents, outer: [] }
  if (!config.sandbox.enabled || parents === undefined || !isMapping(parents)) return { sandbox: own, outer: sandboxes }
  if (own !== undefined && isMapping(own) && isOn(own)) return { sandbox: own, outer: [...sandboxes, parents] }
  return { sandbox: parents, outer: sandboxes }
}

function isOn({ enabled }: ValueMap): boolean {
  return enabled !== undefined && sandboxShape.enabled.safeParse(enabled).data === true
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
