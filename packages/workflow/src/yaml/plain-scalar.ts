import { describedAlike } from './old-form.ts'
import { Float, type Value } from '../value/value.ts'
import { NotPlain } from './not-plain.ts'
import { coreScalar } from './scalar.ts'
import { scalarOneOne } from './scalar-1-1.ts'

/** A word that begins so is a text to every reader. */
const WORD = /^[a-eg-mp-su-xzA-EG-MP-SU-XZ_/($]/

/** What an unquoted text means where all readers agree on it. */
export function plainScalar(text: string): Value {
  if (WORD.test(text)) return text
  const value = coreScalar(text)
  if (value instanceof Float && !Number.isFinite(value.value)) throw new NotPlain()
  if (typeof value === 'number' && !Number.isFinite(value)) throw new NotPlain()
  if (!describedAlike(scalarOneOne(text), value)) throw new NotPlain()
  return value
}
