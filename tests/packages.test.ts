// What a user gets: every package packed, installed from its tarball into an empty project and imported by plain Node,
// without the condition that leads to our sources.

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { readWorkspace } from './architecture/workspace.ts'

const ROOT = dirname(import.meta.dirname)
const TOOLS = join(ROOT, 'node_modules', '.bin')
/** Packing takes two seconds; the rest is for a registry that has to be asked for every dependency. */
const INSTALL_MAX_MS = 180_000

const published = readWorkspace(ROOT).filter(({ folder }) => folder.includes('/'))
const entries = published.flatMap(({ manifest }) =>
  Object.keys(manifest.exports).map((entry) => manifest.name + entry.slice(1)),
)
const project = mkdtempSync(join(tmpdir(), 'agentloom-packages-'))
const tarballs = join(project, 'tarballs')

beforeAll(async () => {
  mkdirSync(tarballs)
  await run(join(TOOLS, 'tsc'), ['-b', ...published.map(({ folder }) => folder)], { cwd: ROOT })
  await pnpm(ROOT, [
    '--recursive',
    '--filter',
    './packages/*',
    '--filter',
    './apps/*',
    'pack',
    '--pack-destination',
    tarballs,
  ])
  const dependencies = Object.fromEntries(
    readdirSync(tarballs).map((file) => [packageOf(file), `file:${join(tarballs, file)}`]),
  )
  // The packages name each other by version, and those versions are in no registry yet.
  const overrides = Object.entries(dependencies).map(([name, from]) => `  '${name}': '${from}'`)
  writeFileSync(
    join(project, 'pnpm-workspace.yaml'),
    ['packages: []', 'pmOnFail: ignore', 'overrides:', ...overrides, ''].join('\n'),
  )
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'empty', type: 'module', private: true, dependencies }),
  )
  await pnpm(project, ['install', '--prefer-offline', '--ignore-scripts', '--no-frozen-lockfile'])
}, INSTALL_MAX_MS)

afterAll(() => rmSync(project, { recursive: true, force: true }))

test('every package is packed, without tests, sources or build leftovers', async () => {
  expect(readdirSync(tarballs).map(packageOf).toSorted()).toEqual(
    published.map(({ manifest }) => manifest.name).toSorted(),
  )
  for (const tarball of readdirSync(tarballs)) {
    const listed = await run('tar', ['-tzf', join(tarballs, tarball)])
    const files = listed.trim().split('\n')
    expect(files.filter((file) => /\.test\.|tsbuildinfo|package\/src\//.test(file))).toEqual([])
    expect(files).toContain('package/dist/index.js')
    expect(files).toContain('package/dist/index.d.ts')
  }
})

test('publint finds nothing wrong with any of them', async () => {
  for (const tarball of readdirSync(tarballs)) {
    expect(await run(join(TOOLS, 'publint'), [join(tarballs, tarball), '--strict'])).toContain('All good!')
  }
})

test('every entry is imported by plain Node, and importing starts nothing', async () => {
  const script = `for (const entry of ${JSON.stringify(entries)}) await import(entry)
    const started = () => process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap' && kind !== 'TTYWrap')
    // The loader's own reading may not have ended yet; what a package started stays.
    for (let turn = 0; turn < 100 && started().length > 0; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    const busy = started()
    if (busy.length > 0) throw new Error('importing started ' + busy.join(', '))`
  writeFileSync(join(project, 'import.mjs'), script)
  const said = await run(process.execPath, ['--disable-warning=ExperimentalWarning', 'import.mjs'], {
    cwd: project,
    env: {},
  })
  expect(said).toBe('')
})

test('every entry has types that resolve', async () => {
  const lines = entries.map((entry, n) => `import * as entry${n} from '${entry}'`)
  writeFileSync(
    join(project, 'types.ts'),
    [...lines, `export const all = [${entries.map((_, n) => `entry${n}`).join(', ')}]`, ''].join('\n'),
  )
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--types',
    '',
  ]
  const said = await run(join(TOOLS, 'tsc'), [...options, 'types.ts'], { cwd: project })
  expect(said).toBe('')
})

const execute = promisify(execFile)

/** Like execFile, but a failure shows what the command said on either stream. */
async function run(
  command: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const said = (streams: unknown) => {
    const { stdout, stderr } = z.looseObject({ stdout: z.string(), stderr: z.string() }).parse(streams)
    return stdout + stderr
  }
  try {
    return said(await execute(command, args, options))
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')} failed:\n${said(error)}`, { cause: error })
  }
}

async function pnpm(cwd: string, args: string[]): Promise<void> {
  const { packageManager } = z
    .looseObject({ packageManager: z.string() })
    .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')))
  await run('npx', ['-y', packageManager, ...args], { cwd })
}

/** `agentloom-engine-0.1.0.tgz` → `@agentloom/engine` */
function packageOf(tarball: string): string {
  return tarball.replace(/^agentloom-(.+)-\d+\.\d+\.\d+.*\.tgz$/, '@agentloom/$1')
}
