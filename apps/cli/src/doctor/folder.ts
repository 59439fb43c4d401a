import { access, constants, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Finding } from '@agentloom/bullmq/client'

const FREE_WARNING_BYTES = 1024 ** 3
const FREE_PROBLEM_BYTES = 50 * 1024 ** 2
/** Bits that let others read. */
const OTHERS = 0o077

/** Looks at the folder of embedded runs. */
export async function examineFolder(home: string): Promise<readonly Finding[]> {
  const found = await stat(home).catch(() => null)
  if (found === null) return [ok('folder-home', `${home} is not there yet: the first run makes it`)]
  return [
    await writable(home),
    found.mode & OTHERS
      ? {
          check: 'folder-mode',
          level: 'warning',
          message: `others of this machine may look into ${home}, where prompts and results lie`,
          remedy: `chmod 700 ${home}`,
        }
      : ok('folder-mode', `${home} is its owner's alone`),
    await space(home),
    await journal(join(home, 'journal.db')),
  ]
}

function ok(check: string, message: string): Finding {
  return { check, level: 'ok', message, remedy: null }
}

async function writable(home: string): Promise<Finding> {
  try {
    await access(home, constants.W_OK)
    return ok('folder-home', `${home} can be written`)
  } catch {
    return {
      check: 'folder-home',
      level: 'problem',
      message: `${home} cannot be written`,
      remedy: 'give it to the user that runs agentloom, or set AGENTLOOM_HOME',
    }
  }
}

async function space(home: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(home)
  const free = bavail * bsize
  const message = `${Math.round(free / 1024 ** 2)} MiB are free on the disk of ${home}`
  if (free >= FREE_WARNING_BYTES) return ok('folder-space', message)
  return {
    check: 'folder-space',
    level: free < FREE_PROBLEM_BYTES ? 'problem' : 'warning',
    message,
    remedy: 'make room, or remove old runs: agentloom runs prune --older-than 30d',
  }
}

async function journal(file: string): Promise<Finding> {
  if ((await stat(file).catch(() => null)) === null) return ok('folder-journal', 'no run has been recorded yet')
  try {
    using database = new DatabaseSync(file, { readOnly: true })
    const [row] = database.prepare('pragma quick_check(1)').all()
    const said = String(row?.['quick_check'])
    if (said === 'ok') return ok('folder-journal', `${file} is whole`)
    return damaged(file, said)
  } catch (error) {
    return damaged(file, error instanceof Error ? error.message : String(error))
  }
}

function damaged(file: string, what: string): Finding {
  return {
    check: 'folder-journal',
    level: 'problem',
    message: `${file} is damaged: ${what}`,
    remedy:
      'see what is wrong with `agentloom verify --all`; runs come back from checkpoints where the journal is moved away',
  }
}
