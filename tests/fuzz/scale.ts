// How much is tried. In CI the same cases each time; `pnpm fuzz` tries more, and others.

/** Times as many cases as usual. */
const scale = Number(process.env['AGENTLOOM_TEST_SCALE'] ?? 1)
const seed = process.env['AGENTLOOM_FUZZ_SEED']

/** Chosen once: any number would do, as long as it stays. */
const FIXED_SEED = 20_261_124

/** For fast-check: `fc.assert(…, runs(1_000))`. */
export function runs(count: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: Math.max(1, Math.round(count * scale)), seed: seed === undefined ? FIXED_SEED : Number(seed) }
}

/** Milliseconds for a test that takes `ms` at scale 1; a hang shows as running out of them. */
export function within(ms: number): number {
  return Math.max(ms, ms * scale)
}
