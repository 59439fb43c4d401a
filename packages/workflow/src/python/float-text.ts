// Decimal texts of floats as Python writes them: correctly rounded, exact ties to the even digit (JavaScript's toFixed takes
// the larger). Doubles are m * 2^e, so everything is done on exact ratios of bigints.

/** Python's repr: the shortest digits that read back the same; exponents from 1e16 up and below 1e-4. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf'
  if (Object.is(value, -0)) return '-0.0'
  const size = Math.abs(value)
  if (value === 0 || (size >= 1e-4 && size < 1e16)) {
    const text = String(value)
    return text.includes('.') ? text : `${text}.0`
  }
  const [digits = '', exponent = '0'] = value.toExponential().split('e')
  return digits + exponentText(Number(exponent))
}

/** `e+16`, `e-07`: the sign always, two digits at least. */
export function exponentText(exponent: number): string {
  return `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** Decimal digits of a finite float >= 0 with so many places after the point: `fixedDigits(2.5, 0)` is `2`. */
export function fixedDigits(value: number, places: number): string {
  const digits = String(scaled(value, places))
  if (places === 0) return digits
  const padded = digits.padStart(places + 1, '0')
  return `${padded.slice(0, -places)}.${padded.slice(-places)}`
}

/** The first `count` significant digits of a finite float >= 0, and the power of ten of the first one. */
export function significantDigits(
  value: number,
  count: number,
): { readonly digits: string; readonly exponent: number } {
  if (value === 0) return { digits: '0'.repeat(count), exponent: 0 }
  // The shortest digits may already be rounded up to the next power of ten, hence one below; a digit too many moves it up.
  let exponent = Number(value.toExponential().split('e')[1]) - 1
  let digits = String(scaled(value, count - 1 - exponent))
  while (digits.length > count) {
    exponent++
    digits = String(scaled(value, count - 1 - exponent))
  }
  return { digits, exponent }
}

/** value * 10^places, rounded to the nearest int, ties to even. */
function scaled(value: number, places: number): bigint {
  const { mantissa, exponent } = decompose(value)
  let numerator = mantissa
  let denominator = 1n
  if (exponent >= 0) numerator <<= BigInt(exponent)
  else denominator <<= BigInt(-exponent)
  if (places >= 0) numerator *= 10n ** BigInt(places)
  else denominator *= 10n ** BigInt(-places)
  const floor = numerator / denominator
  const twice = (numerator - floor * denominator) * 2n
  const isUp = twice > denominator || (twice === denominator && (floor & 1n) === 1n)
  return isUp ? floor + 1n : floor
}

const scratch = new DataView(new ArrayBuffer(8))

function decompose(value: number): { readonly mantissa: bigint; readonly exponent: number } {
  scratch.setFloat64(0, value)
  const bits = scratch.getBigUint64(0)
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xfffffffffffffn
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | 0x10000000000000n, exponent: biased - 1075 }
}
