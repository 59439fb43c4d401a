import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { cut, Fault } from '../errors.ts'
import { Deadline } from '../http/deadline.ts'
import { asNetworkFault, send } from '../http/http-request.ts'
import { checkedLookup } from '../policy/addresses.ts'
import { allowedTarget } from '../policy/network.ts'
import type { Policy } from '../policy/policy.ts'
import { ATTACHMENT_BYTES_MAX, tooLarge } from './limits.ts'

const TIMEOUT_MS = 30_000
const REDIRECTS_MAX = 5
const HEADERS = new Map([
  ['accept', '*/*'],
  ['accept-encoding', 'identity'],
  ['user-agent', 'agentloom'],
])

export interface Downloaded {
  readonly bytes: Buffer
  /** Without parameters; null where the server does not say. */
  readonly contentType: string | null
}

/** Fetches an attachment; every hop is under all rules, and the connection goes to the address that was checked. */
export async function download(source: string, policy: Policy, signal: AbortSignal): Promise<Downloaded> {
  using deadline = new Deadline(TIMEOUT_MS, signal)
  try {
    let url = source
    for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
      const target = allowedTarget(url, policy)
      const response = await send({ method: 'GET', headers: HEADERS, body: Buffer.alloc(0) }, target, deadline.signal)
      const next = redirectOf(response)
      if (next === null) return await bodyOf(response, source)
      response.destroy()
      url = new URL(next, target.url).href
    }
    throw new Fault(`more than ${REDIRECTS_MAX} redirects`, { retryable: false })
  } catch (error) {
    if (deadline.hasRunOut) throw new Fault(`timed out after ${TIMEOUT_MS / 1000} s`, { retryable: true })
    if (error instanceof TypeError) throw new Fault('redirected to what is no address', { retryable: false })
    throw asNetworkFault(error)
  }
}

/** The address as it may be handed to a vendor, who fetches it: public by name and by every address of it. */
export async function checkPassedOn(source: string, policy: Policy): Promise<string> {
  const { url } = allowedTarget(source, policy)
  if (isIP(url.hostname.replace(/^\[(.*)\]$/, '$1')) === 0)
    await new Promise<void>((resolve, reject) => {
      checkedLookup(url.hostname, { all: true }, (error) => (error === null ? resolve() : reject(error)))
    }).catch((error: unknown) => {
      throw asNetworkFault(error)
    })
  return url.href
}

function redirectOf({ statusCode = 0, headers }: IncomingMessage): string | null {
  return [301, 302, 303, 307, 308].includes(statusCode) && headers.location !== undefined ? headers.location : null
}

async function bodyOf(response: IncomingMessage, source: string): Promise<Downloaded> {
  const { statusCode = 0, headers } = response
  const shown = `'${cut(source, 200)}'`
  const refuse = (fault: Fault): never => {
    response.destroy()
    throw fault
  }
  if (statusCode < 200 || statusCode > 299)
    refuse(new Fault(`${shown} answered ${statusCode}`, { retryable: statusCode === 429 || statusCode >= 500 }))
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    refuse(new Fault(`${shown} is packed, and was asked not to be`, { retryable: false }))
  const announced = Number(headers['content-length'] ?? 0)
  if (announced > ATTACHMENT_BYTES_MAX) refuse(tooLarge(shown, announced))
  const chunks: Buffer[] = []
  let byteCount = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    byteCount += chunk.length
    if (byteCount > ATTACHMENT_BYTES_MAX)
      refuse(new Fault(`Attachment ${shown} exceeds 20 MB during download`, { retryable: false }))
    chunks.push(chunk)
  }
  const contentType = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return { bytes: Buffer.concat(chunks), contentType: contentType === '' ? null : contentType }
}
