// Sets this clone up: everything that a newcomer's machine lacks, got once, quietly.
// Plain JavaScript for Node ≥ 20 with nothing installed; all talk goes to stderr, so that stdout stays the command's own.
//
// What counts as set up: node_modules holds a stamp that names the lockfile's hash and this platform. Whoever finds it
// stale takes the lock, looks again, installs, and writes the stamp last; a killed set-up is simply done again.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages } from './setup/install.mjs'
import { withLock } from './setup/lock.mjs'
import { startProgress } from './setup/progress.mjs'
import { SetUpError } from './setup/error.mjs'

export { ensureRedis } from './setup/redis.mjs'
export { SetUpError } from './setup/error.mjs'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** The lowest Node that can run this file's own imports and npx; the project itself gets Node 24 as a package. */
const NODE_MAJOR_MIN = 20

const modules = join(ROOT, 'node_modules')
const stampFile = join(modules, '.agentloom-setup')

/**
 * Installs what this clone needs unless it is there already. Safe to call at any time, from several processes at once.
 * @returns the path of the Node 24 binary that runs the project
 * @throws {SetUpError} something could not be had; its message says what to do
 */
export async function setUp() {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
    throw new SetUpError(
      `agentloom needs Node ${NODE_MAJOR_MIN} or newer to set itself up, and this is ${process.version}. ` +
        'Install a newer Node from https://nodejs.org and run the same command again.',
    )
  }
  if (!isSetUp()) {
    await withLock(join(ROOT, '.agentloom-setup.lock'), async () => {
      if (isSetUp()) return // another process did it while this one waited
      const progress = startProgress('setting up (once): pnpm · Node 24 · packages')
      try {
        await installPackages(ROOT)
        linkCommand()
        writeFileSync(stampFile, stamp())
        progress.done()
      } catch (error) {
        progress.failed()
        throw error
      }
    })
  }
  return node24()
}

/** The path of the Node 24 binary, or null before set-up. */
function installedNode() {
  // node_modules/.bin may hold a shell shim; signals and exit codes need the binary itself.
  for (const name of ['node', 'node.exe']) {
    const path = join(modules, 'node', 'bin', name)
    if (existsSync(path)) return path
  }
  return null
}

function node24() {
  const path = installedNode()
  if (path === null)
    throw new SetUpError(`Node 24 is missing in ${modules}. Delete that folder and run the same command again.`)
  return path
}

function stamp() {
  const lockfile = readFileSync(join(ROOT, 'pnpm-lock.yaml'))
  return `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform}-${process.arch}\n`
}

function isSetUp() {
  try {
    return readFileSync(stampFile, 'utf8') === stamp() && installedNode() !== null
  } catch {
    return false
  }
}

/** `npx agentloom` looks for this name in every folder upwards, so it finds the launcher from inside a package, too. */
function linkCommand() {
  if (process.platform === 'win32') return // there npx wants a .cmd file; from the root it works without
  const link = join(modules, '.bin', 'agentloom')
  rmSync(link, { force: true })
  symlinkSync(join('..', '..', 'scripts', 'agentloom.mjs'), link)
}
