import type { JournalRecord } from '../journal/record.ts'
import type { Journal, LoadedRun } from '../ports/journal.ts'

/** A run with all that is needed to put it somewhere else. */
export interface KeptRun extends LoadedRun {
  /** Text of its definition. */
  readonly definitionText: string
}

/** Child runs that steps of a run have ever waited for, over or not, in the order. */
export function childRunsIn(records: readonly JournalRecord[]): readonly string[] {
  const found = records.flatMap((record) =>
    record.kind === 'waiting' && record.wait.kind === 'child' ? [record.wait.runId] : [],
  )
  return [...new Set(found)]
}

/** A run and all below it that can be read, each before its children. Empty where there is no such run. */
export async function readTree(
  read: (runId: string) => Promise<KeptRun | null>,
  runId: string,
): Promise<readonly KeptRun[]> {
  const run = await read(runId)
  if (run === null) return []
  const tree = [run]
  for (const child of childRunsIn(run.records)) tree.push(...(await readTree(read, child)))
  return tree
}

/** A run as a journal has it. */
export async function readKept(journal: Pick<Journal, 'load' | 'definition'>, runId: string): Promise<KeptRun | null> {
  const loaded = await journal.load(runId)
  const definitionText = loaded === null ? null : await journal.definition(loaded.header.definition)
  return loaded === null || definitionText === null ? null : { ...loaded, definitionText }
}

/** Somebody may write to a run while it is erased; nobody does so without end. */
const ATTEMPTS_MAX = 20

/** Erases a run as it is, whatever somebody is still writing to it. @returns false where it was written to all the time */
export async function eraseAsItIs(journal: Pick<Journal, 'erase'>, runId: string): Promise<boolean> {
  let recordCount: number | null = 0
  for (let attempt = 0; attempt < ATTEMPTS_MAX && recordCount !== null; attempt += 1)
    ({ recordCount } = await journal.erase(runId, recordCount))
  return recordCount === null
}
