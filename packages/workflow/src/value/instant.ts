const ISO_DATE_TIME = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:?\d{2})?)?$/

/** An ISO date-time as milliseconds since 1970, or null for a text that is none. Without a zone it is UTC. */
export function instantIn(text: string): number | null {
  const trimmed = text.trim()
  if (!ISO_DATE_TIME.test(trimmed)) return null
  const atMs = Date.parse(inUtc(trimmed.replace(' ', 'T')))
  return Number.isNaN(atMs) ? null : atMs
}

/** A time without a zone would mean another instant on each worker. */
function inUtc(text: string): string {
  const hasTime = /[Tt]/.test(text)
  return hasTime && !/(?:[Zz]|[+-]\d{2}:?\d{2})$/.test(text) ? `${text}Z` : text
}
