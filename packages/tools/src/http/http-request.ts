import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { ToolContext } from '@agentloom/engine/ports'
import { isMapping, type Value, type ValueMap } from '@agentloom/workflow'
import { asText, asTimeoutMs, kindOf, optional, required } from '../arguments.ts'
import { errnoCode } from '../errno.ts'
import { Fault, Violation } from '../errors.ts'
import { checkedLookup } from '../policy/addresses.ts'
import { allowedTarget, type Target } from '../policy/network.ts'
import type { Policy } from '../policy/policy.ts'
import { ACCEPTED_CODINGS, bodyText, readBody, unpack } from './body.ts'
import { Deadline } from './deadline.ts'

const TIMEOUT_S = 30
/** They frame the message; a wrong one would make the server read another request than the one that was checked. */
export const FRAMING_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'expect',
])

interface Request {
  readonly method: string
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

/** One request, one answer: redirects are returned and not followed, every status is a success. */
export async function httpRequestTool(args: ValueMap, context: ToolContext, policy: Policy): Promise<ValueMap> {
  const target = allowedTarget(asText(required(args, 'url'), 'url'), policy)
  const timeoutMs = asTimeoutMs(optional(args, 'timeout', TIMEOUT_S), 'timeout')
  const headers = headersOf(optional(args, 'headers', {}))
  checkHost(headers, target, policy)
  const method = asText(optional(args, 'method', 'GET'), 'method').toUpperCase()
  if (method === 'CONNECT') throw new Fault('method CONNECT opens a tunnel and is not supported', { retryable: false })
  const body = Buffer.from(asText(optional(args, 'body', ''), 'body'), 'utf8')

  using deadline = new Deadline(timeoutMs, context.signal)
  try {
    const response = await send({ method, headers, body }, target, deadline.signal)
    const received = await unpack(await readBody(response), response.headers['content-encoding'] ?? '')
    return {
      status_code: response.statusCode ?? 0,
      headers: headersAsValue(response),
      body: bodyText(received, response.headers['content-type'] ?? ''),
    }
  } catch (error) {
    if (deadline.hasRunOut) throw new Fault(`timed out after ${timeoutMs / 1000} s`, { retryable: true })
    throw asNetworkFault(error)
  }
}

export function send(request: Request, { url, isChecked }: Target, signal: AbortSignal): Promise<IncomingMessage> {
  const isSecure = url.protocol === 'https:'
  const options = {
    method: request.method,
    headers: Object.fromEntries(request.headers),
    signal,
    ...(isChecked && { lookup: checkedLookup }),
  }
  return new Promise((resolve, reject) => {
    // An agent of its own keeps no connection, and takes no proxy from the environment that would connect elsewhere.
    const sent = isSecure
      ? httpsRequest(url, { ...options, agent: new HttpsAgent() }, resolve)
      : httpRequest(url, { ...options, agent: new HttpAgent() }, resolve)
    sent.on('error', reject)
    if (request.body.length > 0) sent.setHeader('content-length', request.body.length)
    sent.end(request.body)
  })
}

function headersOf(value: Value): Map<string, string> {
  if (!isMapping(value))
    throw new Fault(`argument 'headers' must be a mapping, not ${kindOf(value)}`, { retryable: false })
  const headers = new Map([
    ['accept', '*/*'],
    ['accept-encoding', ACCEPTED_CODINGS],
    ['user-agent', 'agentloom'],
  ])
  for (const [name, content] of Object.entries(value)) {
    const lower = name.toLowerCase()
    if (FRAMING_HEADERS.has(lower)) continue
    headers.set(lower, headerText(content, name))
  }
  return headers
}

function headerText(value: Value, name: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) return String(value)
  throw new Fault(`header '${name.slice(0, 100)}' must be text, not ${kindOf(value)}`, { retryable: false })
}

/** Behind one address many sites may live: with a list of domains, the name asked for must be the one that was checked. */
function checkHost(headers: ReadonlyMap<string, string>, { url }: Target, policy: Policy): void {
  const host = headers.get('host')?.toLowerCase()
  if (host === undefined || host === url.host || host === url.hostname) return
  if (policy.guards.some((guard) => guard.domains.length > 0))
    throw new Violation("Header 'Host' names another host than the URL")
}

function headersAsValue(response: IncomingMessage): ValueMap {
  const joined = Object.entries(response.headersDistinct).map(([name, values]) => [name, (values ?? []).join(', ')])
  return Object.fromEntries(joined.filter(([name]) => name !== '__proto__'))
}

export function asNetworkFault(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Fault || error instanceof Violation) return error
  const code = errnoCode(error)
  // What Node refuses before it connects: a method or header with characters that HTTP does not know.
  if (code?.startsWith('ERR_') === true && error instanceof TypeError)
    return new Fault(error.message, { retryable: false, cause: error })
  if (code === 'HPE_HEADER_OVERFLOW')
    return new Fault('response headers are too large', { retryable: false, cause: error })
  if (code !== null && isConnectCode(code))
    return new Fault(`All connection attempts failed (${code})`, { retryable: true, cause: error })
  return new Fault(error.message || code || error.name, { retryable: true, cause: error })
}

function isConnectCode(code: string): boolean {
  return /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ETIMEDOUT|ENOTFOUND|EAI_\w+)$/.test(code)
}
