import { formatDiagnostics, type Diagnostic } from '@agentloom/workflow'
import type { Io } from '../io/io.ts'
import { paintOf } from './style.ts'

export function printWarnings(warnings: readonly Diagnostic[], { stderr }: Io): void {
  if (warnings.length > 0) stderr.line(formatDiagnostics(warnings, { paint: paintOf(stderr) }))
}
