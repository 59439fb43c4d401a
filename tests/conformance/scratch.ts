import { cp, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

/** Path → text (what is not UTF-8 replaced); a symbolic link → where it points. */
export type Snapshot = ReadonlyMap<string, string>

/** A copy of a case's folder, for one run; the run's working directory. */
export interface Scratch extends AsyncDisposable {
  readonly folder: string
  snapshot(): Promise<Snapshot>
  write(files: Readonly<Record<string, string>>): Promise<void>
}

export async function copyOf(caseFolder: string): Promise<Scratch> {
  // macOS hides its temporary folder behind a link, and sandboxes compare real paths.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'agentloom-case-')))
  const expected = join(caseFolder, 'expected.json')
  await cp(caseFolder, folder, { recursive: true, verbatimSymlinks: true, filter: (source) => source !== expected })
  return {
    folder,
    snapshot: () => snapshotOf(folder),
    async write(files) {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true })
        await writeFile(join(folder, path), text)
      }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

async function snapshotOf(folder: string): Promise<Snapshot> {
  const found = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) found.set(relative(folder, path), await readFile(path, 'utf8'))
    if (entry.isSymbolicLink()) found.set(relative(folder, path), `→ ${await readlink(path)}`)
  }
  return found
}

/** What was made or changed between two looks, and what is gone. */
export function changesBetween(before: Snapshot, after: Snapshot): Record<string, string | null> {
  const changed = [...after].filter(([path, text]) => before.get(path) !== text)
  const gone = [...before.keys()].filter((path) => !after.has(path)).map((path): [string, null] => [path, null])
  return Object.fromEntries<string | null>([...changed, ...gone])
}
