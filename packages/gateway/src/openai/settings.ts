import { ProviderSettingError } from '../failure/errors.ts'
import { DEADLINES, type Deadlines } from './deadlines.ts'

/** An hour: whoever wants to wait longer wants no deadline, and there is none without one. */
const DEADLINE_MAX_MS = 3_600_000

/** An http or https address without credentials, query or fragment, and without a slash at its end. */
export function checkedBaseURL(place: string, text: string): string {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new ProviderSettingError(place, 'must be an http or https address', 'for example https://api.openai.com/v1')
  if (url.username !== '' || url.password !== '')
    throw new ProviderSettingError(place, 'must not contain a name or password', 'give the key as apiKey')
  if (url.search !== '' || url.hash !== '')
    throw new ProviderSettingError(place, 'must not contain a query or fragment', 'give such things as headers')
  return url.href.replace(/\/+$/, '')
}

/** A key without blanks around it; what cannot stand in a header is refused here, unseen. */
export function checkedKey(place: string, key: string | null): string | null {
  const trimmed = key?.trim() ?? ''
  if (trimmed === '') return null
  if (!/^[\x21-\x7e]+$/.test(trimmed))
    throw new ProviderSettingError(
      place,
      'contains characters that no key has',
      'was it copied with a line break or blank?',
    )
  return trimmed
}

export function checkedDeadlines(place: string, given: Partial<Deadlines> = {}): Deadlines {
  const deadlines = { ...DEADLINES, ...given }
  for (const [name, ms] of Object.entries(deadlines))
    if (!(ms >= 1 && ms <= DEADLINE_MAX_MS))
      throw new ProviderSettingError(`${place}.${name}`, `must be 1 to ${DEADLINE_MAX_MS} ms, found ${ms}`)
  return deadlines
}
