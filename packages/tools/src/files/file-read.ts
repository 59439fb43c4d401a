import type { ToolContext } from '@agentloom/engine/ports'
import type { ValueMap } from '@agentloom/workflow'
import { asText, optional, required } from '../arguments.ts'
import { asFileFault } from '../errno.ts'
import { cut, Fault } from '../errors.ts'
import { allowedPath } from '../policy/paths.ts'
import type { Policy } from '../policy/policy.ts'
import { codecOf } from './encodings.ts'
import { openForReading } from './open.ts'
import { shownPathOf } from './shown-path.ts'

/** As much as a step's result may weigh, since more would be refused later anyway. */
export const FILE_READ_BYTES_MAX = 10 * 1024 * 1024
const CHUNK_BYTES = 256 * 1024

/** The text of a regular file. */
export async function fileRead(args: ValueMap, context: ToolContext, policy: Policy): Promise<string> {
  const shownPath = shownPathOf(required(args, 'path'), policy)
  const codec = codecOf(asText(optional(args, 'encoding', 'utf-8'), 'encoding'))
  try {
    const path = await allowedPath(shownPath, 'readable', policy, context.runFolder)
    await using file = await openForReading(path, shownPath, policy.guards.length > 0)
    const chunks: Buffer[] = []
    let byteCount = 0
    // Read to the end and not to the size: a file may grow meanwhile, and those of /proc claim to be empty.
    for (;;) {
      context.signal.throwIfAborted()
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES)
      if (bytesRead === 0) return codec.decode(Buffer.concat(chunks))
      byteCount += bytesRead
      if (byteCount > FILE_READ_BYTES_MAX)
        throw new Fault(`'${cut(shownPath, 200)}' exceeds the limit of ${FILE_READ_BYTES_MAX} bytes`, {
          retryable: false,
        })
      chunks.push(buffer.subarray(0, bytesRead))
    }
  } catch (error) {
    throw asFileFault(error, shownPath)
  }
}
