import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { z } from 'zod'

const manifest = z.looseObject({
  name: z.string(),
  exports: z.record(z.string(), z.unknown()).default({}),
  dependencies: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
})
export type Manifest = z.infer<typeof manifest>

export interface Member {
  /** `packages/engine`, `apps/cli`, `tests`. */
  readonly folder: string
  readonly manifest: Manifest
  readonly files: readonly { readonly path: string; readonly text: string }[]
}

/** The members of a workspace that lies at `root`, with their sources. */
export function readWorkspace(root: string): Member[] {
  const folders = ['apps', 'packages'].flatMap((group) =>
    existsSync(join(root, group)) ? readdirSync(join(root, group)).map((name) => join(group, name)) : [],
  )
  return [...folders, 'tests', 'bench']
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => ({
      folder,
      manifest: manifest.parse(JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))),
      files: sourcesOf(join(root, folder)).map((path) => ({
        path: relative(root, path),
        text: readFileSync(path, 'utf8'),
      })),
    }))
}

function sourcesOf(folder: string): string[] {
  const isGenerated = (path: string) => /(^|\/)(node_modules|dist)$/.test(path)
  return globSync('**/*.{ts,tsx,mts,js,mjs}', { cwd: folder, exclude: isGenerated })
    .map((path) => join(folder, path))
    .toSorted()
}
