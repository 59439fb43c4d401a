import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { treatments } from '@agentloom/gateway'

/** Texts of the same shape that are none. */
const NOT_CODES = new Set(['text/plain', 'text/html', 'text/event-stream', 'lib/time'])

/** Media types of attachments. */
const MEDIA = /^(?:image|audio|application)\//

/** Codes that are put together from a part: `provider/${kind}`. */
const PUT_TOGETHER = Object.keys(treatments).map((kind) => `provider/${kind}`)

/** Where each error code stands in the sources, from texts of the shape `room/what` outside of comments:
 * quoted, or in a line that is written as errors are shown. */
export function codesInSources(root: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>(PUT_TOGETHER.map((code) => [code, 'packages/gateway/src/failure/treatment.ts']))
  for (const path of globSync('{apps,packages}/*/src/**/*.ts', { cwd: root })) {
    if (/\.(test|fixture)\.ts$|\/src\/testing\//.test(path)) continue
    const code = readFileSync(join(root, path), 'utf8')
      .replaceAll(/\/\*[\s\S]*?\*\//g, '')
      .replaceAll(/\/\/ .*$/gm, '')
    for (const [, text = ''] of code.matchAll(/(?:['"`]|error {2})([a-z]+\/[a-z][a-z0-9-]*)(?:['"`]|\\n)/g))
      if (!NOT_CODES.has(text) && !MEDIA.test(text)) found.set(text, path)
  }
  return found
}
