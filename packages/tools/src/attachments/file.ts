import type { ToolContext } from '@agentloom/engine/ports'
import { asFileFault } from '../errno.ts'
import { cut } from '../errors.ts'
import { openForReading } from '../files/open.ts'
import { shownPathOf } from '../files/shown-path.ts'
import { allowedPath } from '../policy/paths.ts'
import type { Policy } from '../policy/policy.ts'
import { ATTACHMENT_BYTES_MAX, tooLarge } from './limits.ts'

const CHUNK_BYTES = 1024 * 1024

/** A file under the rules of `file_read`, up to 20 MiB. */
export async function readAttachedFile(source: string, context: ToolContext, policy: Policy): Promise<Buffer> {
  const shownPath = shownPathOf(source, policy)
  const shown = `'${cut(shownPath, 200)}'`
  try {
    const path = await allowedPath(shownPath, 'readable', policy, context.runFolder)
    await using file = await openForReading(path, shownPath, policy.guards.length > 0)
    const { size } = await file.stat()
    if (size > ATTACHMENT_BYTES_MAX) throw tooLarge(shown, size)
    const chunks: Buffer[] = []
    let byteCount = 0
    // Read to the end and not to the size: a file may grow meanwhile.
    for (;;) {
      context.signal.throwIfAborted()
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES)
      if (bytesRead === 0) return Buffer.concat(chunks)
      byteCount += bytesRead
      if (byteCount > ATTACHMENT_BYTES_MAX) throw tooLarge(shown, byteCount)
      chunks.push(buffer.subarray(0, bytesRead))
    }
  } catch (error) {
    throw asFileFault(error, shownPath)
  }
}
