import type { JournalCase } from './journal-case.ts'
import { budgetCases } from './journal-budget-cases.ts'
import { childCases } from './journal-child-cases.ts'
import { endCases } from './journal-end-cases.ts'
import { keyCases } from './journal-key-cases.ts'
import { noteCases } from './journal-note-cases.ts'
import { runCases } from './journal-run-cases.ts'
import { stepCases } from './journal-step-cases.ts'
import { takeoverCases } from './journal-takeover-cases.ts'
import { outcomeCases } from './journal-outcome-cases.ts'
import { waitCases } from './journal-wait-cases.ts'
import { wholeCases } from './journal-whole-cases.ts'

/**
 * What every journal must do, as cases to run one by one on a fresh journal each:
 * `for (const { name, run } of journalConformance) test(name, async () => { … await run(opened) … })`.
 */
export const journalConformance: readonly JournalCase[] = [
  ...stepCases,
  ...runCases,
  ...outcomeCases,
  ...waitCases,
  ...childCases,
  ...noteCases,
  ...endCases,
  ...keyCases,
  ...takeoverCases,
  ...budgetCases,
  ...wholeCases,
]
