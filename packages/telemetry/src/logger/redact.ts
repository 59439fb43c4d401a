// Secrets never reach a log. Three nets, over the finished line, so that messages, nested fields and stack traces are
// caught alike: the values that the process knows to be secret, passwords in URLs, and fields whose name says it.

/** What stands in a log for a secret. */
export const REDACTED = '[redacted]'

/** Shorter values are words ("test", "1234") that would blank out half a log. */
const SECRET_LENGTH_MIN = 6
/** Deeper fields are not looked into; nothing of ours nests so far. */
const DEPTH_MAX = 12

/** Names of fields, and of environment variables, that hold secrets. Counts of tokens are none. */
const SECRET_NAME =
  /api[-_]?key|authorization|passw(?:or)?d|secret|credential|cookie|private[-_]?key|(?:access|auth|refresh|session|bearer|id)[-_]?token|^token$|^x-amz-security-token$/i
const QUICK_LOOK = /key|authorization|passw|secret|credential|cookie|token/i
/** `scheme://user:password@` and `scheme://:password@`. Bounded, so that a long line stays cheap. */
const URL_PASSWORD = /([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@"'\\]{0,256}:)[^\s/@"'\\]{1,512}@/gi
/** `?api_key=…`, `&token=…` */
const QUERY_SECRET = /([?&](?:api[-_]?key|key|token|access_token|password|secret|sig|signature)=)[^&\s"'\\#]+/gi
/** `Bearer …` in a message; with a digit, so that words stay. */
const BEARER = /\b(Bearer|Basic)\s+(?=[A-Za-z._~+/=-]*\d)[A-Za-z0-9._~+/=-]{8,}/g

/** Whether a field or variable of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/**
 * The values of an environment that must never be printed: those whose variable's name says so (`*_API_KEY`, `*PASSWORD*` …),
 * and the passwords in URLs. The caller passes the environment; this package reads none.
 */
export function secretsOf(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (value === undefined) return []
    if (isSecretName(name) || name.endsWith('_TOKEN')) return [value]
    const password = URL.canParse(value) ? new URL(value).password : ''
    return password === '' ? [] : [password, decoded(password)]
  })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a lone % is no escape
  }
}

/** Makes the function that cleans finished lines: JSON text in, JSON text out. */
export function createRedactor(secrets: readonly string[] = []): (line: string) => string {
  // As JSON writes them, longest first: one secret may contain another.
  const known = [...new Set(secrets)]
    .filter((secret) => secret.length >= SECRET_LENGTH_MIN)
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    .toSorted((a, b) => b.length - a.length)
  return (line) => {
    let clean = QUICK_LOOK.test(line) ? redactFields(line) : line
    for (const secret of known) if (clean.includes(secret)) clean = clean.replaceAll(secret, REDACTED)
    if (clean.includes('://')) clean = clean.replace(URL_PASSWORD, `$1${REDACTED}@`)
    return clean.replace(QUERY_SECRET, `$1${REDACTED}`).replace(BEARER, `$1 ${REDACTED}`)
  }
}

function redactFields(line: string): string {
  let hasFound = false
  const clean = (value: unknown, depth: number): unknown => {
    if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return value
    if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1))
    const fields = Object.entries(value).map(([name, field]): [string, unknown] => {
      if (!isSecretName(name) || field === null || typeof field === 'number' || typeof field === 'boolean')
        return [name, clean(field, depth + 1)]
      hasFound = true
      return [name, REDACTED]
    })
    return Object.fromEntries(fields)
  }
  try {
    const fields = clean(JSON.parse(line), 0)
    return hasFound ? `${JSON.stringify(fields)}${line.endsWith('\n') ? '\n' : ''}` : line
  } catch {
    return line // not JSON: the other nets still hold
  }
}
