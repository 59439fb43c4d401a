import type { Findings } from '../diagnostics/findings.ts'
import { type Path, pathText } from '../diagnostics/path.ts'
import { shown } from '../diagnostics/shown.ts'
import type { Entry } from './dependencies.ts'
import { ID_CHARS_MAX } from './limits.ts'

const USUAL = /^[A-Za-z0-9_][A-Za-z0-9_-]*$/
const RESERVED = new Set(['__proto__', 'constructor', 'prototype'])

/** Ids that name a step of a sub-workflow, or another attempt at one, together with its parent's. */
const COMPOUND = /\.|~\d+$/

/**
 * Reports ids that cannot be used, that are unusual, and that are there twice.
 * @param hasChildren whether the ids are also parts of the ids of child runs
 */
export function checkIds(entries: readonly Entry[], hasChildren: boolean, findings: Findings): void {
  const firstPaths = new Map<string, Path>()
  for (const { step, path } of entries) {
    const { id } = step
    const first = firstPaths.get(id)
    const place = [...path, 'id']
    if (first === undefined) firstPaths.set(id, path)
    else findings.error('workflow/duplicate-id', place, `${pathText(first)} has the id '${shown(id, 80)}' too`)
    if (hasChildren && COMPOUND.test(id)) {
      findings.error('workflow/bad-id', place, `the id '${shown(id)}' beside sub-workflows`, {
        help: 'a dot or ~ in an id could be mistaken for a step of a sub-workflow: use letters, digits, _ and -',
      })
    } else checkId(id, place, findings)
  }
}

function checkId(id: string, path: Path, findings: Findings): void {
  if (USUAL.test(id) && id.length <= ID_CHARS_MAX && !RESERVED.has(id)) return
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
