/** Longest wait that is believed: a vendor's clock can be wrong, a step's deadline cuts it further. */
const RETRY_AFTER_MAX_MS = 24 * 60 * 60 * 1_000

/**
 * The wait that a reply asks for: `retry-after-ms`, else `Retry-After` in seconds (fractions allowed) or as an HTTP date.
 * @returns milliseconds, 0 to a day; null where there is no hint or it makes no sense, so that one's own pace applies
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const milliseconds = headers.get('retry-after-ms')
  if (milliseconds !== null && isDecimal(milliseconds)) return held(Number(milliseconds))
  const hint = headers.get('retry-after')?.trim() ?? ''
  if (isDecimal(hint)) return held(Number(hint) * 1_000)
  // Date.parse also reads things like "-5" and "2015"; an HTTP date begins with the name of a day.
  if (!/^[A-Z][a-z]{2},? /.test(hint)) return null
  const date = Date.parse(hint)
  return Number.isNaN(date) ? null : held(date - nowMs)
}

function isDecimal(text: string): boolean {
  return /^\d{1,15}(?:\.\d{1,9})?$/.test(text.trim())
}

function held(milliseconds: number): number {
  return Math.ceil(Math.min(Math.max(milliseconds, 0), RETRY_AFTER_MAX_MS))
}
