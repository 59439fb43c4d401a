import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/**
 * Says that the owner of a spool lives: a transaction that is never ended. The system ends it with the process, whatever the
 * process died of.
 * @returns null where another process holds it
 */
export function lockSpool(path: string, waitMs: number): DatabaseSync | null {
  const file = `${path}.lock`
  closeSync(openSync(file, 'a', 0o600))
  const lock = new DatabaseSync(file, { timeout: waitMs })
  try {
    lock.exec('begin exclusive')
    return lock
  } catch {
    lock.close()
    return null
  }
}
