import { AgentloomError } from '../errors.ts'
import { inKeyOrder } from '../schema/key-order.ts'
import { parseValue, writeValue } from '../value/codec.ts'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'
import type { Definition } from './plan.ts'

/** A stored definition is not what this version writes. */
export class DefinitionError extends AgentloomError {
  override readonly name = 'DefinitionError'
  readonly code = 'workflow/bad-definition'
  readonly retryable = false
  override readonly help = 'it was written by another program, or damaged: start the run again'
}

/**
 * The text of a definition, as journals store it; the plan's hash is the SHA-256 of this. Keys of the format are sorted,
 * those of users' data keep their order.
 */
export function writeDefinition({ format, workflow, compat, files, part, sandboxes }: Definition): string {
  return writeValue({
    compat,
    files,
    format,
    ...(part !== undefined && { part }),
    ...(sandboxes !== undefined && { sandboxes }),
    workflow: inKeyOrder(workflow),
  })
}

/** @throws {DefinitionError} for a text that `writeDefinition` did not write */
export function parseDefinition(text: string): Definition {
  const value = parse(text)
  if (!isMapping(value)) throw new DefinitionError('a stored definition is not a mapping')
  const { format, workflow = null, compat = null, files = null, part, sandboxes } = value
  if (format !== 1) throw new DefinitionError(`a stored definition has format ${String(format)}; this version knows 1`)
  if (!isMapping(workflow)) throw new DefinitionError('a stored definition has no workflow')
  if (compat !== null && compat !== 'agentloom')
    throw new DefinitionError('a stored definition has an unknown compat setting')
  if (part !== undefined && part !== 'cleanup') throw new DefinitionError('a stored definition is of an unknown part')
  return {
    format,
    workflow,
    compat,
    files: textsOf(files),
    ...(part !== undefined && { part }),
    ...(sandboxes !== undefined && { sandboxes: mappingsOf(sandboxes) }),
  }
}

function parse(text: string): Value {
  try {
    return parseValue(text)
  } catch (error) {
    throw new DefinitionError(`a stored definition is no JSON: ${error instanceof Error ? error.message : ''}`)
  }
}

function mappingsOf(sandboxes: Value): readonly ValueMap[] {
  if (!isList(sandboxes)) throw new DefinitionError('sandboxes of a stored definition are no list')
  return sandboxes.map((sandbox) => {
    if (!isMapping(sandbox)) throw new DefinitionError('a sandbox of a stored definition is no mapping')
    return sandbox
  })
}

function textsOf(files: Value): { readonly [name: string]: string } {
  if (!isMapping(files)) throw new DefinitionError('a stored definition has no files')
  const entries = Object.entries(files satisfies ValueMap)
  return Object.fromEntries(
    entries.map(([name, content]) => {
      if (typeof content !== 'string')
        throw new DefinitionError(`the file ${name} of a stored definition is not a text`)
      return [name, content]
    }),
  )
}
