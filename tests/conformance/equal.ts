const TOLERANCE = 1e-9

/** The reference engine keeps its note of decisions in the state; it is nobody's data. */
const NOTE = '_approval'

/** Where two plain values differ first, as `path: found …, expected …`; null where they are the same. */
export function differenceOf(found: unknown, expected: unknown, path = ''): string | null {
  if (isNumber(found) && isNumber(expected))
    return isClose(Number(found), Number(expected)) ? null : unequal(found, expected, path)
  if (Array.isArray(found) && Array.isArray(expected)) {
    if (found.length !== expected.length) return unequal(found, expected, path)
    return firstOf(found.map((item, index) => differenceOf(item, expected[index], `${path}[${index}]`)))
  }
  if (isMapping(found) && isMapping(expected)) {
    const keys = new Set([...Object.keys(found), ...Object.keys(expected)])
    keys.delete(NOTE)
    return firstOf(
      [...keys].map((key) => {
        const place = path === '' ? key : `${path}.${key}`
        if (!Object.hasOwn(found, key)) return `${place}: missing, expected ${shown(expected[key])}`
        if (!Object.hasOwn(expected, key)) return `${place}: found ${shown(found[key])}, expected none`
        return differenceOf(found[key], expected[key], place)
      }),
    )
  }
  return found === expected ? null : unequal(found, expected, path)
}

function isClose(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b))
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function firstOf(differences: readonly (string | null)[]): string | null {
  return differences.find((difference) => difference !== null) ?? null
}

function unequal(found: unknown, expected: unknown, path: string): string {
  return `${path}: found ${shown(found)}, expected ${shown(expected)}`
}

function shown(value: unknown): string {
  const text =
    JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item)) ?? 'nothing'
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
