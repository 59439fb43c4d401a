import type { RunHeader } from '../ports/journal.ts'
import type { Spool, SpoolEntry, SpooledFact, SpooledRun, SpooledRunKey } from '../ports/spool.ts'

interface Kept {
  header: RunHeader | null
  touchedAtMs: number
  leavingAtMs: number | null
  readonly facts: SpooledFact[]
}

/** A spool that forgets with its process. What is put is durable a turn later, or refused. */
export class MemorySpool implements Spool {
  readonly #runs = new Map<string, Kept>()
  readonly #texts = new Map<string, string>()
  /** Why it refuses what is put, or null. */
  failure: Error | null = null

  async put(entry: SpoolEntry): Promise<void> {
    await Promise.resolve()
    if (this.failure !== null) throw this.failure
    const runId = runIdOf(entry)
    const kept = this.#runs.get(runId) ?? { header: null, touchedAtMs: 0, leavingAtMs: null, facts: [] }
    this.#runs.set(runId, kept)
    kept.touchedAtMs = entry.atMs
    kept.leavingAtMs = null
    if (entry.kind !== 'run') kept.facts.push(entry)
    else {
      kept.header = entry.header
      if (entry.definitionText !== null) this.#texts.set(entry.header.definition, entry.definitionText)
    }
  }

  async runs(): Promise<readonly SpooledRunKey[]> {
    return [...this.#runs].map(([runId, { touchedAtMs, leavingAtMs }]) => ({ runId, touchedAtMs, leavingAtMs }))
  }

  async read(runId: string): Promise<SpooledRun | null> {
    const kept = this.#runs.get(runId)
    if (kept?.header == null) return null
    const { header, facts } = kept
    return { header, definitionText: this.#texts.get(header.definition) ?? null, facts: [...facts] }
  }

  async mark(runs: readonly SpooledRunKey[], leavingAtMs: number | null): Promise<void> {
    for (const { runId, touchedAtMs } of runs) {
      const kept = this.#runs.get(runId)
      if (kept?.touchedAtMs === touchedAtMs) kept.leavingAtMs = leavingAtMs
    }
  }

  async drop(runs: readonly SpooledRunKey[]): Promise<void> {
    for (const { runId, touchedAtMs } of runs)
      if (this.#runs.get(runId)?.touchedAtMs === touchedAtMs) this.#runs.delete(runId)
    const needed = new Set([...this.#runs.values()].map(({ header }) => header?.definition))
    for (const hash of this.#texts.keys()) if (!needed.has(hash)) this.#texts.delete(hash)
  }
}

function runIdOf(entry: SpoolEntry): string {
  if (entry.kind === 'run') return entry.header.runId
  return entry.kind === 'ended' ? entry.runId : entry.claim.runId
}
