import { floatValue, intValue, type Value } from '../value/value.ts'
import { coreScalar, intOf } from './scalar.ts'

// The reference's reader (PyYAML's safe loader, YAML 1.1). Dates are left as the text that they print as.
const TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/
const BINARY = /^[-+]?0b[0-1_]+$/
const OCTAL = /^[-+]?0[0-7_]+$/
const DECIMAL = /^[-+]?(?:0|[1-9][0-9_]*)$/
const HEX = /^[-+]?0x[0-9a-fA-F_]+$/
const SIXTIES = /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/
const FLOAT = /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)$/
const SIXTIES_FLOAT = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/
const SPECIAL = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|~|null|Null|NULL|)$/

/** How everything begins that is no text. Most scalars are words, and leave here. */
const FIRST = /^(?:[-+.0-9~yYnNtTfFoO]|$)/

/** What a plain scalar means to a YAML 1.1 reader. */
export function scalarOneOne(text: string): Value {
  if (!FIRST.test(text)) return text
  if (SPECIAL.test(text)) return coreScalar(text)
  if (TRUE.test(text)) return true
  if (FALSE.test(text)) return false
  const bare = text.replaceAll('_', '')
  if (BINARY.test(text)) return intOf(bare)
  if (OCTAL.test(text)) return intOf(bare.replace(/^([-+]?)0+(?=\d)/, '$10o'))
  if (DECIMAL.test(text)) return intOf(bare)
  if (HEX.test(text)) return intOf(bare)
  if (SIXTIES.test(text)) return intValue(BigInt(baseSixty(bare)))
  if (FLOAT.test(text)) return floatValue(Number(bare))
  if (SIXTIES_FLOAT.test(text)) return floatValue(baseSixty(bare))
  return text
}

function baseSixty(text: string): number {
  const isNegative = text.startsWith('-')
  const total = text
    .replace(/^[-+]/, '')
    .split(':')
    .reduce((sum, digits) => sum * 60 + Number(digits), 0)
  return isNegative ? -total : total
}
