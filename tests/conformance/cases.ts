import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export interface Cases {
  readonly folder: string
  /** In order. */
  readonly names: readonly string[]
}

/** The recorded cases lie beside the repository, not in it. */
const CASES = join(import.meta.dirname, '../../../shared/conformance')

/** The cases in a folder, or in its sub-folder `cases`; null, and a loud word, where there are none. */
export function findCases(given: string = CASES): Cases | null {
  for (const folder of [join(given, 'cases'), given]) {
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => isCase(join(folder, name))) : []
    if (names.length > 0) return { folder, names: names.sort() }
  }
  console.warn(`\n!!! conformance cases are NOT RUN: there are none in ${given}\n`)
  return null
}

function isCase(folder: string): boolean {
  return existsSync(join(folder, 'workflow.yaml')) && existsSync(join(folder, 'expected.json'))
}
