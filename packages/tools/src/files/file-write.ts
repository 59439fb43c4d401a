import type { ToolContext } from '@agentloom/engine/ports'
import type { ValueMap } from '@agentloom/workflow'
import { asText, kindOf, optional, required } from '../arguments.ts'
import { asFileFault } from '../errno.ts'
import { Fault, Violation } from '../errors.ts'
import { allowedPath } from '../policy/paths.ts'
import { helpOf, type Policy } from '../policy/policy.ts'
import { codecOf } from './encodings.ts'
import { openForWriting } from './open.ts'
import { shownPathOf } from './shown-path.ts'

/** Writes a file, its folders too, over what was there. `written` counts characters. */
export async function fileWrite(args: ValueMap, context: ToolContext, policy: Policy): Promise<ValueMap> {
  const shownPath = shownPathOf(required(args, 'path'), policy)
  const content = required(args, 'content')
  const codec = codecOf(asText(optional(args, 'encoding', 'utf-8'), 'encoding'))
  try {
    const path = await allowedPath(shownPath, 'writable', policy, context.runFolder)
    if (typeof content !== 'string')
      throw new Fault(`'${kindOf(content)}' object has no attribute 'encode'`, {
        retryable: false,
        help: "argument 'content' must be text",
      })
    const bytes = codec.encode(content)
    checkSize(bytes.length, policy)
    context.signal.throwIfAborted()
    await using file = await openForWriting(path, shownPath, policy.guards.length > 0)
    await file.truncate(0)
    await file.writeFile(bytes, { signal: context.signal })
    return { written: characterCount(content), path: shownPath }
  } catch (error) {
    throw asFileFault(error, shownPath)
  }
}

function checkSize(byteCount: number, policy: Policy): void {
  for (const guard of policy.guards) {
    if (guard.maxWriteBytes !== null && byteCount > guard.maxWriteBytes)
      throw new Violation(
        `Write size ${byteCount} bytes exceeds limit of ${guard.maxWriteBytes} bytes`,
        helpOf(guard, 'raise sandbox.max_write_bytes'),
      )
  }
}

function characterCount(text: string): number {
  let count = 0
  for (const _character of text) count++
  return count
}
