import { type Alias, type Document, isAlias, isScalar, isSeq, type Pair, type ParsedNode, Scalar } from 'yaml'
import type { YAMLMap } from 'yaml'
import type { Findings } from '../diagnostics/findings.ts'
import { described, shown } from '../diagnostics/shown.ts'
import type { Path } from '../diagnostics/path.ts'
import type { Code } from '../diagnostics/diagnostic.ts'
import { positionOf, type Span } from '../diagnostics/source.ts'
import { Float, isMapping, type Value } from '../value/value.ts'
import { codePointName } from './characters.ts'
import { describedAlike } from './old-form.ts'
import { ALIASES_MAX, DEPTH_MAX, EXPANDED_CHARS_MAX } from './limits.ts'
import { CORE_TAG, coreScalar, taggedScalar } from './scalar.ts'
import { scalarOneOne } from './scalar-1-1.ts'

export interface ReadingRules {
  /** Words, octals and clock values as YAML 1.1 reads them. */
  readonly isYamlOneOne: boolean
  /** A key given twice: the last one wins, silently. */
  readonly lastKeyWins: boolean
}

/** What the conversion learns beside the value. */
export interface Converted {
  readonly value: Value
  /** Mapping keys that are no text in YAML (`2024: …`); where free data may hold them they become text. */
  readonly keysNotText: readonly Path[]
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<Alias, ParsedNode>
}

/** The library's tree → a value: tags, aliases, merges and keys by our rules. Reports into `findings`. */
export function toValue(
  { document, text }: { readonly document: Document.Parsed<ParsedNode>; readonly text: string },
  rules: ReadingRules,
  findings: Findings,
): Converted {
  const conversion = new Conversion(text, rules, findings)
  const value = conversion.convert(document.contents, [])
  return { value, keysNotText: conversion.keysNotText, targets: conversion.targets }
}

interface Remembered {
  readonly value: Value
  readonly aliasCount: number
  readonly chars: number
  readonly height: number
}

class Conversion {
  readonly keysNotText: Path[] = []
  readonly targets = new Map<Alias, ParsedNode>()
  readonly #text: string
  readonly #rules: ReadingRules
  readonly #findings: Findings
  readonly #anchors = new Map<string, ParsedNode>()
  readonly #remembered = new Map<ParsedNode, Remembered>()
  readonly #open = new Set<ParsedNode>()
  #aliasCount = 0
  #chars = 0
  #deepest = 0

  constructor(text: string, rules: ReadingRules, findings: Findings) {
    this.#text = text
    this.#rules = rules
    this.#findings = findings
  }

  convert(node: ParsedNode | null, path: Path): Value {
    if (node === null) return null
    this.#deepest = Math.max(this.#deepest, path.length)
    if (isAlias(node)) return this.#alias(node, path)
    const { anchor } = node
    if (anchor === undefined) return this.#content(node, path)
    this.#anchors.set(anchor, node)
    this.#open.add(node)
    const [aliases, chars, deepest] = [this.#aliasCount, this.#chars, this.#deepest]
    this.#deepest = path.length
    const value = this.#content(node, path)
    this.#open.delete(node)
    this.#remembered.set(node, {
      value,
      aliasCount: this.#aliasCount - aliases,
      chars: this.#chars - chars,
      height: this.#deepest - path.length,
    })
    this.#deepest = Math.max(deepest, this.#deepest)
    return value
  }

  #content(node: Exclude<ParsedNode, Alias.Parsed>, path: Path): Value {
    if (isScalar(node)) return this.#scalar(node as Scalar.Parsed, path)
    this.#checkCollectionTag(node)
    if (isSeq(node)) return node.items.map((item, index) => this.convert(item as ParsedNode, [...path, index]))
    return this.#mapping(node as YAMLMap.Parsed, path)
  }

  #alias(alias: Alias.Parsed, path: Path): Value {
    const target = this.#anchors.get(alias.source)
    if (target === undefined) return this.#fail(alias, 'yaml/alias', `nothing before is named &${shown(alias.source)}`)
    this.targets.set(alias, target)
    if (this.#open.has(target)) return this.#stop(alias, 'yaml/cyclic-alias', 'the value contains itself')
    const remembered = this.#remembered.get(target)
    if (remembered === undefined) return null
    this.#aliasCount += 1 + remembered.aliasCount
    this.#chars += remembered.chars
    if (this.#aliasCount > ALIASES_MAX) {
      const message = `more than ${ALIASES_MAX} aliases, those inside of aliased values counted again each time`
      return this.#stop(alias, 'yaml/alias-limit', message)
    }
    if (this.#chars > EXPANDED_CHARS_MAX) {
      return this.#stop(alias, 'yaml/limit', `with its aliases written out, more than ${EXPANDED_CHARS_MAX} characters`)
    }
    if (path.length + remembered.height > DEPTH_MAX) {
      return this.#stop(alias, 'yaml/depth', `nested more than ${DEPTH_MAX} levels deep`)
    }
    this.#deepest = Math.max(this.#deepest, path.length + remembered.height)
    return remembered.value
  }

  #scalar(scalar: Scalar.Parsed, path: Path): Value {
    const text = String(scalar.value ?? '')
    this.#chars += text.length + 1
    if (!text.isWellFormed()) return this.#fail(scalar, 'yaml/character', 'half of a surrogate pair is no character')
    const isPlain = scalar.type === Scalar.PLAIN || scalar.type === undefined
    if (scalar.tag !== undefined) return this.#tagged(scalar, text)
    if (!isPlain) return text
    const value = this.#rules.isYamlOneOne ? scalarOneOne(text) : coreScalar(text)
    if (!this.#rules.isYamlOneOne) this.#warnOfOldForm(scalar, value, path)
    return this.#finite(scalar, text, value)
  }

  #tagged(scalar: Scalar.Parsed, text: string): Value {
    const value = taggedScalar(scalar.tag ?? '', text)
    if (value === undefined) return this.#failTag(scalar, scalar.tag ?? '')
    return this.#finite(scalar, text, value)
  }

  #finite(scalar: Scalar.Parsed, text: string, value: Value): Value {
    if (!(value instanceof Float) || Number.isFinite(value.value)) return value
    return this.#fail(scalar, 'workflow/schema', `${shown(text)} is not a finite number`)
  }

  #mapping(map: YAMLMap.Parsed, path: Path): Value {
    const entries: Record<string, Value> = {}
    const seen = new Map<string, ParsedNode>()
    const merges: Pair<ParsedNode, ParsedNode | null>[] = []
    for (const pair of map.items) {
      const key = this.#key(pair.key, path)
      if (key === null) continue
      if (key === '<<' && isMergeKey(pair.key)) {
        merges.push(pair)
        continue
      }
      const before = seen.get(key)
      if (before !== undefined && !this.#rules.lastKeyWins) this.#reportDuplicate(key, pair.key, before)
      seen.set(key, pair.key)
      entries[key] = this.convert(pair.value, [...path, key])
    }
    for (const { key, value } of merges) this.#merge(entries, key, this.convert(value, [...path, '<<']))
    return entries
  }

  /** Own keys win; of several sources the first does. */
  #merge(entries: Record<string, Value>, at: ParsedNode, source: Value): void {
    const sources: readonly Value[] = Array.isArray(source) ? source : [source]
    for (const from of sources) {
      if (!isMapping(from)) {
        this.#fail(at, 'yaml/merge', `<< takes a mapping or a list of mappings, not ${described(from)}`)
        return
      }
      for (const key of Object.keys(from)) if (!Object.hasOwn(entries, key)) entries[key] = from[key] ?? null
    }
  }

  #key(node: ParsedNode, path: Path): string | null {
    const scalar = isAlias(node) ? this.#anchors.get(node.source) : node
    if (!isScalar(scalar)) {
      this.#fail(node, 'yaml/key-type', 'a key of a mapping must be text', 'quote it, or use a list of mappings')
      return null
    }
    const value = this.convert(node, path)
    const key = typeof value === 'string' ? value : value === null ? '' : String(scalar.value)
    if (typeof value !== 'string') this.keysNotText.push([...path, key])
    if (key === '__proto__') {
      this.#fail(node, 'workflow/forbidden-key', '__proto__ cannot be a key')
      return null
    }
    const [blank] = /^[\p{Zs}\u200B]/u.exec(key) ?? []
    if (blank !== undefined && scalar.type === Scalar.PLAIN) {
      const message = `the line begins with ${codePointName(blank)}, which looks like a blank and is none`
      this.#fail(node, 'yaml/syntax', message, 'indent with spaces')
    }
    return key
  }

  #reportDuplicate(key: string, node: ParsedNode, before: ParsedNode): void {
    const { line } = positionOf(this.#text, before.range[0])
    this.#fail(node, 'yaml/duplicate-key', `the key '${shown(key, 80)}' was given before, in line ${line}`)
  }

  #checkCollectionTag(node: ParsedNode): void {
    const { tag } = node
    if (tag === undefined || tag === '!' || tag === `${CORE_TAG}map` || tag === `${CORE_TAG}seq`) return
    this.#failTag(node, tag)
  }

  #failTag(node: ParsedNode, tag: string): null {
    const written = tag.startsWith(CORE_TAG) ? `!!${tag.slice(CORE_TAG.length)}` : tag
    const [start] = node.range
    const before = /(!\S*)\s+(?:&\S+\s+)?$/.exec(this.#text.slice(Math.max(0, start - 300), start))
    const span = before === null ? spanOf(node) : { offset: start - before[0].length, length: before[1]?.length ?? 1 }
    this.#findings.error('yaml/tag', span, `the tag ${shown(written)} is not supported`, {
      help: 'workflows hold plain data only: remove the tag',
    })
    return null
  }

  #warnOfOldForm(scalar: Scalar.Parsed, value: Value, path: Path): void {
    const text = String(scalar.value ?? '')
    const old = scalarOneOne(text)
    if (describedAlike(old, value)) return
    const message = `${shown(text)} is ${described(value)} here; readers of YAML 1.1 take it as ${described(old)}`
    this.#findings.warn('yaml/old-form', { ...spanOf(scalar), path }, message, {
      help: 'quote it, or write the value that is meant',
    })
  }

  #fail(node: ParsedNode, code: Code, message: string, help: string | null = null): null {
    this.#findings.error(code, spanOf(node), message, { help })
    return null
  }

  #stop(node: ParsedNode, code: Code, message: string): never {
    this.#fail(node, code, message)
    this.#findings.throwErrors()
    throw new Error('an error was reported and not thrown')
  }
}

export function spanOf(node: ParsedNode): Span {
  const [offset, end] = node.range
  return { offset, length: end - offset }
}

function isMergeKey(node: ParsedNode): boolean {
  return isScalar(node) && (node.type === Scalar.PLAIN || node.type === undefined)
}
