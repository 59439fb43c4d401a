import { formatDiagnostics, type Diagnostic } from '@agentloom/workflow'
import type { Io } from '../io/io.ts'
import { paintOf } from './style.ts'

/** @param options.listedMax how many are printed, default 20 */
export function printWarnings(
  warnings: readonly Diagnostic[],
  { stderr }: Io,
  options: { readonly listedMax?: number } = {},
): void {
  if (warnings.length > 0) stderr.line(formatDiagnostics(warnings, { paint: paintOf(stderr), ...options }))
}
