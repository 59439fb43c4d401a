import type { Failure } from './errors.ts'
import { retryAfterMs } from './retry-after.ts'
import type { FailureKind } from './treatment.ts'
import { isRecord, own } from '../record.ts'

/** What a vendor's error body says, in whichever of the usual shapes. */
interface VendorError {
  readonly message: string
  /** `error.code`, else `error.type`, lower case. */
  readonly words: readonly string[]
  /** A number that looks like an HTTP status. */
  readonly status: number | null
}

const QUOTA_WORDS = ['insufficient_quota', 'billing_hard_limit_reached', 'billing_not_active', 'quota_exceeded']
const REFUSAL_WORDS = ['content_filter', 'content_policy_violation', 'responsible_ai_policy_violation', 'refusal']
const TOO_LONG_WORDS = ['context_length_exceeded', 'string_above_max_length', 'request_too_large']
/** Vendors without codes; only looked at in a refused request. */
const TOO_LONG_TEXT = /maximum context length|context (?:length|window)|prompt is too long|too many tokens/i

/** The failure behind a reply whose status is not 200. */
export function failureOfStatus(status: number, body: string, headers: Headers, nowMs: number): Failure {
  const vendor = vendorErrorOf(parsed(body))
  const kind = kindOfStatus(status, vendor, body)
  const said = vendor?.message ?? (body.trim().startsWith('<') ? 'an HTML page' : body.trim())
  return {
    kind,
    status,
    reason: kind === 'not-json' ? `status ${status} without an answer` : `API error ${status}${said && `: ${said}`}`,
    retryAfterMs: retryAfterMs(headers, nowMs),
  }
}

/** The failure that a 200 or a stream carries in its body, or null where it carries none. */
export function failureInBody(body: unknown): Failure | null {
  const vendor = vendorErrorOf(body)
  if (vendor === null) return null
  const kind = vendor.status === null ? kindOfWords(vendor.words) : kindOfStatus(vendor.status, vendor, vendor.message)
  return { kind, status: vendor.status, reason: `API error in the reply: ${vendor.message}` }
}

function vendorErrorOf(body: unknown): VendorError | null {
  if (!isRecord(body)) return null
  const error = own(body, 'error') ?? (own(body, 'type') === 'error' ? body : null)
  if (error === null || error === undefined || error === false) return null
  if (!isRecord(error))
    return {
      message: typeof error === 'string' ? error : JSON.stringify(error),
      words: [],
      status: statusOf(own(body, 'code')),
    }
  const message = own(error, 'message')
  const words = [own(error, 'code'), own(error, 'type')].flatMap((word) =>
    typeof word === 'string' ? word.toLowerCase() : [],
  )
  return {
    message: typeof message === 'string' ? message : JSON.stringify(error),
    words,
    status: statusOf(own(error, 'code')) ?? statusOf(own(error, 'status')),
  }
}

function kindOfStatus(status: number, vendor: VendorError | null, body: string): FailureKind {
  const words = vendor?.words ?? []
  if (words.some((word) => REFUSAL_WORDS.includes(word))) return 'refused'
  if (status === 402 || words.some((word) => QUOTA_WORDS.includes(word))) return 'quota'
  if (status === 429) return 'rate-limited'
  if (status === 401 || status === 403) return 'auth'
  if (status === 404) return 'unknown-model'
  if (status === 413 || words.some((word) => TOO_LONG_WORDS.includes(word))) return 'too-long'
  if (status === 408 || status === 409 || status === 425 || status >= 500) return 'overloaded'
  if (status < 300) return 'not-json'
  if (status < 400) return 'redirect'
  return TOO_LONG_TEXT.test(body) ? 'too-long' : 'bad-request'
}

/** For errors in a 200, whose only classification is the vendor's own word. */
function kindOfWords(words: readonly string[]): FailureKind {
  if (words.some((word) => REFUSAL_WORDS.includes(word))) return 'refused'
  if (words.some((word) => QUOTA_WORDS.includes(word))) return 'quota'
  if (words.some((word) => TOO_LONG_WORDS.includes(word))) return 'too-long'
  if (words.some((word) => word.includes('rate_limit'))) return 'rate-limited'
  if (words.some((word) => word.startsWith('invalid_request'))) return 'bad-request'
  if (words.some((word) => word.includes('authentication') || word.includes('permission'))) return 'auth'
  return 'overloaded'
}

function statusOf(code: unknown): number | null {
  const number = typeof code === 'string' && /^\d{3}$/.test(code) ? Number(code) : code
  return typeof number === 'number' && Number.isInteger(number) && number >= 400 && number <= 599 ? number : null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
