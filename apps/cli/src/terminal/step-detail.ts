import { isMapping, parseValue, type PlanNode, type Value } from '@agentloom/workflow'
import { grouped } from './figures.ts'
import { printable } from './printable.ts'

const DETAIL_CHARACTERS_MAX = 80
/** Parsing a large output only to show its first line would hold up the run. */
const PARSED_CHARACTERS_MAX = 256 * 1024

/** The few words that say what came out of a step. */
export function outputDetail(node: PlanNode | undefined, output: string): string | null {
  if (node === undefined || node.step.type === 'llm_call') return null
  if (output.length > PARSED_CHARACTERS_MAX) return `${grouped(output.length / 1024)} KiB`
  const value = parseValue(output)
  if (node.step.type === 'router') return `→ ${printable(String(value), DETAIL_CHARACTERS_MAX)}`
  return node.step.type === 'tool' ? toolDetail(value) : firstLine(value)
}

/** The file that a `file_write` step wrote, or null. */
export function writtenFile(node: PlanNode | undefined, output: Value): string | null {
  if (node?.step.type !== 'tool' || node.step.toolName !== 'file_write' || !isMapping(output)) return null
  const path = output['path']
  return typeof path === 'string' ? path : null
}

function toolDetail(value: Value): string | null {
  if (!isMapping(value)) return firstLine(value)
  const { returncode, stdout, stderr, status_code: statusCode, written, path } = value
  if (typeof returncode === 'number') {
    return returncode === 0 ? firstLine(stdout ?? null) : `exit code ${returncode}: ${firstLine(stderr ?? null) ?? ''}`
  }
  if (typeof statusCode === 'number') return `HTTP ${statusCode}`
  if (typeof written === 'number' && typeof path === 'string') return `${printable(path, DETAIL_CHARACTERS_MAX)}`
  return null
}

function firstLine(value: Value): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string') return null
  const line = value.trimStart().split('\n', 1)[0]?.trim() ?? ''
  return line === '' ? null : printable(line, DETAIL_CHARACTERS_MAX)
}
