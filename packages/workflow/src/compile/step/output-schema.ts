/**
 * What in a JSON Schema can be no schema, told before a model is paid for an answer that nothing could be held against. The
 * whole check is made with the answer; here is what people get wrong by hand.
 */
import { described, shown } from '../../diagnostics/shown.ts'
import type { Findings } from '../../diagnostics/findings.ts'
import { nearest } from '../../diagnostics/nearest.ts'
import type { Path } from '../../diagnostics/path.ts'
import { isList, isMapping, type Value } from '../../value/value.ts'

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']
/** Keywords whose value is one schema. */
const INSIDE = ['items', 'additionalProperties', 'contains', 'propertyNames', 'not', 'if', 'then', 'else']
/** Those whose value is a mapping of names to schemas. */
const NAMED = ['properties', 'patternProperties', '$defs', 'dependentSchemas']
/** Those whose value is a list of schemas. */
const LISTED = ['allOf', 'anyOf', 'oneOf', 'prefixItems']

export function checkOutputSchema(schema: Value, path: Path, findings: Findings): void {
  if (typeof schema === 'boolean') return
  if (!isMapping(schema)) return warn(findings, path, `a schema is a mapping, not ${described(schema)}`)
  for (const [keyword, value] of Object.entries(schema)) {
    const place = [...path, keyword]
    if (keyword === 'type') checkTypes(value, place, findings)
    else if (keyword === 'required') checkRequired(value, place, findings)
    else if (INSIDE.includes(keyword)) checkOutputSchema(value, place, findings)
    else if (NAMED.includes(keyword)) {
      if (!isMapping(value)) warn(findings, place, `'${keyword}' is a mapping of names to schemas`)
      else for (const [name, one] of Object.entries(value)) checkOutputSchema(one, [...place, name], findings)
    } else if (LISTED.includes(keyword)) {
      if (!isList(value)) warn(findings, place, `'${keyword}' is a list of schemas`)
      else for (const [index, one] of value.entries()) checkOutputSchema(one, [...place, index], findings)
    }
  }
}

function checkTypes(value: Value, place: Path, findings: Findings): void {
  for (const type of isList(value) ? value : [value]) {
    if (typeof type === 'string' && TYPES.includes(type)) continue
    const found = typeof type === 'string' ? `'${shown(type)}'` : described(type)
    const meant = typeof type === 'string' ? nearest(type, TYPES) : null
    warn(
      findings,
      place,
      `JSON Schema has no type ${found}`,
      meant === null ? `one of ${TYPES.join(', ')}` : `did you mean ${meant}?`,
    )
  }
}

function checkRequired(value: Value, place: Path, findings: Findings): void {
  if (isList(value) && value.every((name) => typeof name === 'string')) return
  warn(findings, place, "'required' is a list of names, beside 'properties'")
}

function warn(findings: Findings, path: Path, message: string, help: string | null = null): void {
  findings.warn('workflow/output-schema', path, `${message}; no answer can fit`, help === null ? {} : { help })
}
