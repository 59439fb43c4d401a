import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunHeader, RunView } from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import { makeFolder } from '../run/make-folder.ts'
import { referenceCheckpoint } from './reference-document.ts'

/** Writes `<run id>.json` in the Python engine's format, whole or not at all. Answers its path. */
export async function writeCheckpointFile(
  folder: string,
  plan: Plan,
  view: RunView,
  header: RunHeader,
): Promise<string> {
  await makeFolder(folder, 0o700)
  const path = join(folder, `${view.runId}.json`)
  const draft = `${path}.${process.pid}.tmp`
  await using file = await open(draft, 'w', 0o600)
  await file.writeFile(
    JSON.stringify(
      referenceCheckpoint(view, plan, header),
      (_key, value: unknown) => (typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value),
      2,
    ),
  )
  await file.sync()
  await rename(draft, path)
  return path
}
