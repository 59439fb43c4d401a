import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The recorded cases lie beside the repository, not in it. */
const CASES = join(import.meta.dirname, '../../../shared/conformance/cases')

/** The folder of the cases and their names in order; null, and a loud word, where they are not there. */
export function findCases(): { readonly folder: string; readonly names: readonly string[] } | null {
  if (existsSync(CASES)) return { folder: CASES, names: readdirSync(CASES).sort() }
  console.warn(`\n!!! conformance cases are NOT RUN: there is no ${CASES}\n`)
  return null
}
