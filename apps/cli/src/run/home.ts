import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Whether runs were ever kept there: commands that only look make no folder. */
export function existsHome(home: string): boolean {
  return existsSync(join(home, 'journal.db')) || existsSync(join(home, 'checkpoints'))
}
