import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SetUpError } from './error.mjs'

const POLL_MS = 100
/** A holder whose process id cannot be judged (it writes it just after mkdir, or lives in another container). */
const UNKNOWN_HOLDER_MS = 5_000
/** Longer than the longest install (its own limit is 15 minutes): older locks are left-overs. */
const LOCK_MAX_MS = 20 * 60_000

/**
 * Runs `work` while no other process does; mkdir is the lock. A lock whose holder died is taken over.
 * @param {string} folder
 * @param {() => Promise<void>} work
 */
export async function withLock(folder, work) {
  let isTold = false
  while (!tryLock(folder)) {
    if (isStale(folder)) {
      breakLock(folder)
      continue
    }
    if (!isTold) process.stderr.write('another process is setting up; waiting for it\n')
    isTold = true
    await sleep(POLL_MS)
  }
  const release = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', release)
  try {
    await work()
  } finally {
    process.off('exit', release)
    release()
  }
}

/** @param {string} folder */
function tryLock(folder) {
  try {
    mkdirSync(folder)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw new SetUpError(
      `This folder has to be set up once, but ${folder} cannot be made there (${codeOf(error)}). Run it as a user who may write to it.`,
    )
  }
  writeFileSync(join(folder, 'pid'), String(process.pid))
  return true
}

/** @param {string} folder */
function isStale(folder) {
  try {
    const ageMs = Date.now() - statSync(folder).mtimeMs
    if (ageMs > LOCK_MAX_MS) return true
    const pid = Number(readPid(folder))
    if (!Number.isInteger(pid) || pid <= 0) return ageMs > UNKNOWN_HOLDER_MS
    return !isAlive(pid)
  } catch {
    return false // it was released in between
  }
}

/** @param {string} folder */
function readPid(folder) {
  try {
    return readFileSync(join(folder, 'pid'), 'utf8')
  } catch {
    return ''
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** Renaming is atomic, so of two processes that see the same dead holder only one removes its lock. @param {string} folder */
function breakLock(folder) {
  const grave = `${folder}.${process.pid}`
  try {
    renameSync(folder, grave)
    rmSync(grave, { recursive: true, force: true })
  } catch {
    // the other one was faster
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
