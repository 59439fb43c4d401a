import type { Spool, SpoolEntry, SpooledRun, SpooledRunKey } from '../ports/spool.ts'

/** A spool as it would be had its disk taken everything: with what this process still holds for it. To be read only. */
export function withRefused(spool: Spool, refused: () => readonly SpoolEntry[]): Spool {
  const of = (runId: string): readonly SpoolEntry[] => refused().filter((entry) => runIdOf(entry) === runId)
  return {
    put: (entry) => spool.put(entry),
    mark: (runs, leavingAtMs) => spool.mark(runs, leavingAtMs),
    drop: (runs) => spool.drop(runs),
    async runs() {
      const known = new Map<string, SpooledRunKey>((await spool.runs()).map((run) => [run.runId, run]))
      for (const entry of refused()) {
        const runId = runIdOf(entry)
        known.set(runId, { runId, touchedAtMs: entry.atMs, leavingAtMs: null })
      }
      return [...known.values()]
    },
    async read(runId) {
      const found = await spool.read(runId)
      return of(runId).reduce(withEntry, found)
    },
  }
}

function withEntry(run: SpooledRun | null, entry: SpoolEntry): SpooledRun | null {
  if (entry.kind !== 'run') return run === null ? null : { ...run, facts: [...run.facts, entry] }
  const { header, definitionText } = entry
  return { header, definitionText: definitionText ?? run?.definitionText ?? null, facts: run?.facts ?? [] }
}

function runIdOf(entry: SpoolEntry): string {
  if (entry.kind === 'run') return entry.header.runId
  return entry.kind === 'ended' ? entry.runId : entry.claim.runId
}
