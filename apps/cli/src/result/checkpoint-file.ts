import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunHeader, RunView } from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import { makeFolder } from '../run/make-folder.ts'
import { referenceText } from './reference-document.ts'

/** Writes a file in the Python engine's format, whole or not at all. */
export async function writeCheckpointFile(path: string, plan: Plan, view: RunView, header: RunHeader): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`
  await using file = await open(draft, 'w', 0o600)
  await file.writeFile(referenceText(view, plan, header))
  await file.sync()
  await rename(draft, path)
}

/** The same as `<run id>.json` in a folder. Answers its path. */
export async function saveCheckpoint(folder: string, plan: Plan, view: RunView, header: RunHeader): Promise<string> {
  await makeFolder(folder, 0o700)
  const path = join(folder, `${view.runId}.json`)
  await writeCheckpointFile(path, plan, view, header)
  return path
}
