import { AgentloomError, formatDiagnostics, WorkflowError, type ErrorInfo } from '@agentloom/workflow'
import type { Output } from '../io/output.ts'
import { printable, printableLines } from './printable.ts'
import { paintOf, styleOf } from './style.ts'

/** An error as data, for `--json`. What was not foreseen is told as such, without its stack. */
export function infoOf(error: unknown): ErrorInfo {
  if (error instanceof WorkflowError) {
    const { diagnostics, errorCount, code, place, help } = error
    const more = errorCount > 1 ? ` (and ${errorCount - 1} more)` : ''
    return { code, message: `${diagnostics[0]?.message ?? error.message}${more}`, place, help }
  }
  if (error instanceof AgentloomError) {
    const { code, message, place, help } = error
    return { code, message, place, help }
  }
  const message = Error.isError(error) ? `${error.name}: ${error.message}` : String(error)
  return {
    code: 'cli/unexpected',
    message,
    place: null,
    help: 'this is a mistake of agentloom’s: AGENTLOOM_DEBUG=1 shows where it happened; please report it',
  }
}

/**
 * The one form of errors on a terminal.
 * @param options.listedMax how many findings of a workflow are printed, default 20
 */
export function problemText(error: unknown, output: Output, options: { readonly listedMax?: number } = {}): string {
  if (error instanceof WorkflowError) {
    return formatDiagnostics(error.diagnostics, { paint: paintOf(output), total: error.errorCount, ...options })
  }
  return infoText(infoOf(error), output)
}

export function infoText({ code, message, place, help }: ErrorInfo, output: Output): string {
  const style = styleOf(output)
  const lines = [`${style.red('error')}  ${style.bold(printable(code))}`]
  if (place !== null && !message.startsWith(place)) lines.push(`  ${printable(place)}`)
  lines.push(
    ...printableLines(message)
      .split('\n')
      .map((line) => `  ${line}`),
  )
  if (help !== null) lines.push(`  help: ${printable(help, 500)}`)
  lines.push(`  docs: docs/errors.md#${code.replace('/', '-')}`)
  return lines.join('\n')
}
