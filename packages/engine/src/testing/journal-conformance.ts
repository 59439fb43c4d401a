import type { JournalCase } from './journal-case.ts'
import { runCases } from './journal-run-cases.ts'
import { stepCases } from './journal-step-cases.ts'

/**
 * What every journal must do, as cases to run one by one on a fresh journal each:
 * `for (const { name, run } of journalConformance) test(name, async () => { … await run(opened) … })`.
 */
export const journalConformance: readonly JournalCase[] = [...stepCases, ...runCases]
