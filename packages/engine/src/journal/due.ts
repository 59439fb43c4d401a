/** When something must be looked at again: one entry a step, and one a run for its deadline. */
export class DueTimes {
  readonly #times = new Map<string, number>()

  set(runId: string, stepId: string | null, atMs: number): void {
    this.#times.set(key(runId, stepId), atMs)
  }

  clear(runId: string, stepId: string | null): void {
    this.#times.delete(key(runId, stepId))
  }

  /** Milliseconds since 1970 of the earliest entry, or null. */
  earliest(): number | null {
    let found: number | null = null
    for (const atMs of this.#times.values()) if (found === null || atMs < found) found = atMs
    return found
  }

  /** Those of one moment by their names, as Redis sorts them. */
  overdue(nowMs: number, limit: number): readonly { readonly runId: string; readonly stepId: string | null }[] {
    const found = [...this.#times].filter(([, atMs]) => atMs <= nowMs)
    found.sort(([a, aMs], [b, bMs]) => aMs - bMs || (a < b ? -1 : 1))
    return found.slice(0, limit).map(([text]) => unkey(text))
  }

  /** Seeing to one entry may have moved or removed another. */
  isOverdue(runId: string, stepId: string | null, nowMs: number): boolean {
    return (this.#times.get(key(runId, stepId)) ?? Infinity) <= nowMs
  }

  get size(): number {
    return this.#times.size
  }
}

/** A run id holds no slash, so the first one ends it. */
function key(runId: string, stepId: string | null): string {
  return stepId === null ? runId : `${runId}/${stepId}`
}

function unkey(text: string): { runId: string; stepId: string | null } {
  const slash = text.indexOf('/')
  return slash < 0 ? { runId: text, stepId: null } : { runId: text.slice(0, slash), stepId: text.slice(slash + 1) }
}
