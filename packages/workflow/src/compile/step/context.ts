import type { Compat } from '../../compat/compat.ts'
import type { Findings } from '../../diagnostics/findings.ts'
import type { Path } from '../../diagnostics/path.ts'
import type { Broken, Plan } from '../../plan/plan.ts'
import type { ConfigText, StepText, WorkText } from '../../schema/workflow-schema.ts'

/** What reading a step needs beside the step. */
export interface StepContext {
  /** Where the step stands in the file. */
  readonly path: Path
  readonly config: ConfigText
  readonly compat: Compat
  readonly findings: Findings
  readonly childOf: (step: StepText, path: Path) => Plan | Broken
}

/** A step inside of a step as one of its own. */
export function asStep(work: WorkText, id: string): StepText {
  return {
    ...work,
    id,
    depends_on: [],
    output: null,
    timeout_seconds: null,
    on_timeout: null,
    notify: null,
  }
}
