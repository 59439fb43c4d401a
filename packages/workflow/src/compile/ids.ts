import type { Findings } from '../diagnostics/findings.ts'
import { shown } from '../diagnostics/shown.ts'
import type { StepText } from '../schema/workflow-schema.ts'
import { ID_CHARS_MAX } from './limits.ts'

const USUAL = /^[A-Za-z0-9_][A-Za-z0-9_-]*$/
const RESERVED = new Set(['__proto__', 'constructor', 'prototype'])

/** Reports ids that cannot be used, that are unusual, and that are there twice. */
export function checkIds(steps: readonly StepText[], findings: Findings): void {
  const firstIndexes = new Map<string, number>()
  for (const [index, { id }] of steps.entries()) {
    const first = firstIndexes.get(id)
    if (first === undefined) firstIndexes.set(id, index)
    else
      findings.error(
        'workflow/duplicate-id',
        ['steps', index, 'id'],
        `steps[${first}] has the id '${shown(id, 80)}' too`,
      )
    checkId(id, index, findings)
  }
}

function checkId(id: string, index: number, findings: Findings): void {
  if (USUAL.test(id) && id.length <= ID_CHARS_MAX && !RESERVED.has(id)) return
  const path = ['steps', index, 'id']
  const refused = /[/\p{Cc}]/u.exec(id)
  if (RESERVED.has(id)) findings.error('workflow/bad-id', path, `'${id}' cannot be an id`)
  else if (id.length > ID_CHARS_MAX) {
    findings.error('workflow/bad-id', path, `an id of ${id.length} characters: '${shown(id, 40)}'`, {
      help: `use at most ${ID_CHARS_MAX} characters`,
    })
  } else if (refused !== null) {
    const message = `the id '${shown(id)}' has ${nameOf(refused[0])} at character ${refused.index + 1}`
    findings.error('workflow/bad-id', path, message, { help: 'ids are letters, digits, _ and -' })
  } else {
    const odd = /[^A-Za-z0-9_-]/u.exec(id)
    const found = odd === null ? 'begins with -' : `has ${nameOf(odd[0])} at character ${odd.index + 1}`
    const message = id === '' ? 'an empty id' : `the id '${shown(id)}' ${found}`
    findings.warn('workflow/bad-id', path, message, { help: 'ids are letters, digits, _ and -' })
  }
}

function nameOf(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return /[\x21-\x7e]/.test(character) ? `'${character}'` : `U+${code}`
}
