import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { makeFolder } from './make-folder.ts'

/**
 * What a run needs of the place it was started in and no journal knows: resumed from another folder, it must find the
 * same files and functions again.
 */
const sessionSchema = z.object({
  format: z.literal(1),
  /** Absolute: where relative paths of tools start. */
  folder: z.string(),
  /** Absolute paths of modules with functions. */
  functions: z.array(z.string()),
  hasStandIn: z.boolean(),
})

export type Session = z.infer<typeof sessionSchema>

const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

/** Durable when it resolves, so that it is there for whatever the journal knows. */
export async function writeSession(home: string, runId: string, session: Session): Promise<void> {
  const folder = join(home, 'sessions')
  await makeFolder(folder, FOLDER_MODE)
  const path = join(folder, `${runId}.json`)
  const draft = `${path}.${process.pid}.tmp`
  await using file = await open(draft, 'w', FILE_MODE)
  await file.writeFile(`${JSON.stringify(session)}\n`)
  await file.datasync()
  await rename(draft, path)
}

/** Null where there is none: the run was started by another program. */
export async function readSession(home: string, runId: string): Promise<Session | null> {
  try {
    return sessionSchema.parse(JSON.parse(await readFile(join(home, 'sessions', `${runId}.json`), 'utf8')))
  } catch {
    return null
  }
}
