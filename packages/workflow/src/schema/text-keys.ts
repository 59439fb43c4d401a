import { Findings } from '../diagnostics/findings.ts'
import type { Path } from '../diagnostics/path.ts'
import { shown } from '../diagnostics/shown.ts'
import type { YamlText } from '../yaml/read.ts'

/** Mappings of a user's own keys; below them everything is free data, where a number as a key becomes its text. */
const FREE_ON_STEPS = new Set(['tool_args', 'input', 'workflow_inline', 'tools', 'notify', 'output_schema'])
const STEPS_INSIDE = new Set(['step', 'compensate'])

/**
 * Keys of the format's own mappings, of `state` and of arguments must be text in YAML too: `2024: x` in `state` is refused.
 * @throws {WorkflowError} `workflow/schema`
 */
export function checkTextKeys({ keysNotText, source }: YamlText): void {
  const findings = new Findings(source)
  for (const path of keysNotText) {
    if (isInsideFreeData(path)) continue
    const key = String(path.at(-1) ?? '')
    findings.error('workflow/schema', path, `the key ${shown(key, 80) || 'null'} is no text`, {
      help: `put it in quotes: "${shown(key, 40)}"`,
      part: 'key',
    })
  }
  findings.throwErrors()
}

function isInsideFreeData(path: Path): boolean {
  const [top, index, field] = path
  if (top === 'state') return path.length > 2
  if (top === 'inputs') return field === 'default' && path.length > 3
  if (top === 'steps' || top === 'finally') {
    if (typeof field !== 'string') return false
    if (STEPS_INSIDE.has(field)) return isInsideFreeData([top, index ?? 0, ...path.slice(3)])
    return field === 'items' || (path.length > 4 && FREE_ON_STEPS.has(field))
  }
  return typeof top === 'string' && top.startsWith('x-')
}
