import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { Findings } from '../diagnostics/findings.ts'
import type { Path } from '../diagnostics/path.ts'
import { described } from '../diagnostics/shown.ts'
import type { Source } from '../diagnostics/source.ts'
import { isMapping, type Value, type ValueMap } from '../value/value.ts'
import { forbiddenCharacter } from './characters.ts'
import { TEXT_CHARS_MAX } from './limits.ts'
import { locateIn, type LocatedTree, textAt } from './locate.ts'
import { readPlain } from './plain.ts'
import { scanYaml } from './scan.ts'
import { type ReadingRules, toValue } from './to-value.ts'

export interface YamlText {
  readonly value: ValueMap
  readonly source: Source
  readonly warnings: readonly Diagnostic[]
  /** Mapping keys that YAML reads as numbers, booleans or null; in `value` they are text. */
  readonly keysNotText: readonly Path[]
}

/** How to read, once what the document itself says of it is known: `textAt(['config', 'compat'])`. */
export type RulesFor = (textAt: (path: Path) => string | null) => ReadingRules

const PLAIN_RULES: ReadingRules = { isYamlOneOne: false, lastKeyWins: false }

/**
 * Reads a YAML 1.2 document whose top level is a mapping. Plain data only: no tags, no cycles, text as keys.
 * @throws {WorkflowError} with `yaml/…` or `workflow/forbidden-key`; every error that could be found in one reading
 */
export function readYaml(
  input: string | Uint8Array,
  { file = null, rulesFor = () => PLAIN_RULES }: { readonly file?: string | null; readonly rulesFor?: RulesFor } = {},
): YamlText {
  const text = checkedText(typeof input === 'string' ? input : decoded(input, file), file)
  return readQuickly(text, { file, rulesFor }) ?? readFully(text, { file, rulesFor })
}

interface Reading {
  readonly file: string | null
  readonly rulesFor: RulesFor
}

/** Null for what is not plain; then the library reads it. The places of values are looked for when somebody asks for one. */
function readQuickly(text: string, { file, rulesFor }: Reading): YamlText | null {
  const value = readPlain(text)
  if (value === null || rulesFor((path) => textIn(value, path)).isYamlOneOne) return null
  let full: YamlText | null = null
  const source: Source = {
    file,
    text,
    locate: (path, part) => (full ??= readFully(text, { file, rulesFor })).source.locate(path, part),
  }
  return { value, source, warnings: [], keysNotText: [] }
}

/** The text at a path of mappings, or null. */
function textIn(value: Value, path: Path): string | null {
  let at: Value = value
  for (const step of path) at = isMapping(at) && Object.hasOwn(at, step) ? (at[step] ?? null) : null
  return typeof at === 'string' ? at : null
}

export function readFully(text: string, { file, rulesFor }: Reading): YamlText {
  let tree: LocatedTree = { text, root: null, targets: new Map() }
  const source: Source = { file, text, locate: (path, part) => locateIn(tree, path, part) }
  const findings = new Findings(source)
  const document = scanYaml(text, findings)
  if (document === null || document.contents === null) throw notAMapping(findings, 'nothing')
  tree = { text, root: document.contents, targets: new Map() }
  const rules = rulesFor((path) => textAt(tree, path))
  const { value, keysNotText, targets } = toValue({ document, text }, rules, findings)
  tree = { ...tree, targets }
  findings.throwErrors()
  if (!isMapping(value)) throw notAMapping(findings, described(value))
  return { value, source, warnings: findings.warnings, keysNotText }
}

function notAMapping(findings: Findings, found: string): Error {
  findings.error('yaml/not-a-mapping', [], `a workflow is a mapping with name and steps; found ${found}`, {
    help: 'begin with a line such as `name: my-workflow`',
  })
  findings.throwErrors()
  return new Error('an error was reported and not thrown')
}

/** One mark of byte order at the start is dropped, CRLF equals LF; whatever no YAML may hold is refused. */
function checkedText(raw: string, file: string | null): string {
  const text = raw.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
  const findings = new Findings({ file, text, locate: () => ({ offset: 0, length: 1 }) })
  if (text.length > TEXT_CHARS_MAX) {
    findings.error('yaml/limit', [], `${text.length} characters; a workflow has ${TEXT_CHARS_MAX} at most`)
    findings.throwErrors()
  }
  const carriageReturn = text.indexOf('\r')
  if (carriageReturn !== -1) {
    findings.error('yaml/syntax', { offset: carriageReturn, length: 1 }, 'a carriage return without a line feed', {
      help: 'save the file with line ends LF or CRLF',
    })
  }
  const forbidden = forbiddenCharacter(text)
  if (forbidden !== null && forbidden.name !== 'U+000D') {
    const { offset, name } = forbidden
    findings.error(
      'yaml/character',
      { offset, length: 1 },
      `the character ${name}, at offset ${offset}, is not allowed`,
    )
  }
  findings.throwErrors()
  return text
}

function decoded(bytes: Uint8Array, file: string | null): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    const bad = firstBadByte(bytes)
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, bad))
    const span = { offset: text.length, length: 1 }
    const findings = new Findings({ file, text, locate: () => span })
    findings.error('file/encoding', span, `not UTF-8: byte ${bad} begins no character`, {
      help: 'save the file as UTF-8',
    })
    findings.throwErrors()
    throw new Error('an error was reported and not thrown')
  }
}

/** The 0-based offset of the first byte that is not UTF-8, by halving: the decoder does not tell. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0
  let bad = bytes.length
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1
    if (decodes(bytes.subarray(0, middle))) good = middle
    else bad = middle
  }
  // The decoder waits for the rest of a character; the wrong one begins where it did.
  while (good > 0 && !decodes(bytes.subarray(0, good), false)) good--
  return good
}

function decodes(bytes: Uint8Array, mayEndInside = true): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: mayEndInside })
    return true
  } catch {
    return false
  }
}
