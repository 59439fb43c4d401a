import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Makes folders of a test's own, which are gone after it: `const freshFolder = temporaryFolders(afterEach)`. */
export function temporaryFolders(afterEach: (clean: () => void) => void): () => string {
  const made: string[] = []
  afterEach(() => {
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
  })
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'agentloom-embedded-'))
    made.push(folder)
    return folder
  }
}
