import type { Failure } from '../failure/errors.ts'
import { own } from '../record.ts'

/** Nothing has been sent: the connection itself did not come about. */
const CONNECT_CODES = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EACCES',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_PRX_TLS',
])
const TLS_CODE = /^(?:CERT_|ERR_TLS|ERR_SSL|EPROTO|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH)/
/** What came is no HTTP reply, or not the one that its headers announce. */
const BROKEN_CODE = /^(?:HPE_|Z_|ZSTD_|ERR_(?:_ERROR|ZLIB|ZSTD|BROTLI|PADDING)|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_)/

/** The failure behind an error of fetch or of reading a body. undici hides the real one in `cause`, sometimes twice. */
export function networkFailure(error: unknown): Failure {
  const { code, message } = deepest(error)
  const reason = `HTTP error: ${message}${code !== null && !message.includes(code) ? ` (${code})` : ''}`
  if (code !== null && (CONNECT_CODES.has(code) || TLS_CODE.test(code))) return { kind: 'unreachable', reason }
  if (code !== null && BROKEN_CODE.test(code)) return { kind: 'broken-reply', reason }
  return { kind: 'interrupted', reason }
}

function deepest(error: unknown): { code: string | null; message: string } {
  let message = 'unknown'
  let code: string | null = null
  // The chain of causes is short; the bound is for one that bites its tail.
  for (let current = error, depth = 0; current instanceof Error && depth < 8; current = current.cause, depth++) {
    const found = own(current, 'code')
    message = current.message || message
    if (typeof found === 'string') code = found
    // Happy Eyeballs: every address failed; the first tells enough.
    if (current instanceof AggregateError && current.errors[0] instanceof Error) {
      const first = current.errors[0]
      message = first.message
      const firstCode = own(first, 'code')
      if (typeof firstCode === 'string') code = firstCode
    }
  }
  return { code, message }
}
