// What every request must be, whatever it asks for. Browsers are the reason for most of it: a page from anywhere may send
// requests to this machine, and a name of its own may lead here (rebinding).

import type { IncomingMessage } from 'node:http'
import { HttpError } from './errors.ts'

/** Headers of a request; browsers send some 20. Node itself drops what is above its own limit without a word. */
export const HEADERS_MAX = 100
/** Characters of a URL. */
const URL_MAX = 8_192

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])
const JSON_UTF8 = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

export interface Guard {
  /** Bound to loopback: then only names of this machine are meant. */
  readonly isLoopback: boolean
}

/** @throws {HttpError} 400, 403, 414, 415, 421, 426, 431 */
export function guard(request: IncomingMessage, { isLoopback: onlyLoopback }: Guard): void {
  const { headers, rawHeaders, url = '' } = request
  if (url.length > URL_MAX)
    throw new HttpError(414, 'http/url-too-long', `the URL is longer than ${URL_MAX} characters`)
  if (rawHeaders.length / 2 > HEADERS_MAX) throw new HttpError(431, 'http/headers', `more than ${HEADERS_MAX} headers`)
  if (!url.startsWith('/') || url.startsWith('//'))
    throw new HttpError(400, 'http/bad-request', 'the path must start with one slash')
  checkHost(request, onlyLoopback)
  if (headers.upgrade !== undefined) throw new HttpError(426, 'http/upgrade', 'this server speaks plain HTTP/1.1 only')
  checkOrigin(request)
  checkMediaType(request)
}

function checkHost({ headers, rawHeaders }: IncomingMessage, onlyLoopback: boolean): void {
  if (count(rawHeaders, 'host') !== 1) throw new HttpError(400, 'http/bad-request', 'one Host header is needed')
  if (!onlyLoopback) return
  const name = (headers.host ?? '').replace(/:\d{0,5}$/, '').toLowerCase()
  if (LOOPBACK_NAMES.has(name)) return
  const help = 'ask for localhost or 127.0.0.1; to serve other names, bind another --host and set an API key'
  throw new HttpError(421, 'http/foreign-host', 'this server does not answer to that name', { place: 'Host', help })
}

/** A page of another site may send a request, but not change anything. */
function checkOrigin({ headers, method }: IncomingMessage): void {
  if (method === 'GET' || method === 'HEAD') return
  const { origin, host = '' } = headers
  const site = headers['sec-fetch-site']
  const isForeign = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
  if (isForeign || site === 'cross-site' || site === 'same-site')
    throw new HttpError(403, 'http/foreign-origin', 'a page of another site may not do this', { place: 'Origin' })
}

function checkMediaType({ headers }: IncomingMessage): void {
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity')
    throw new HttpError(415, 'http/media-type', 'send the body without Content-Encoding', { place: 'Content-Encoding' })
  if (hasBody && !JSON_UTF8.test(headers['content-type'] ?? ''))
    throw new HttpError(415, 'http/media-type', 'send application/json in UTF-8', { place: 'Content-Type' })
}

export function count(rawHeaders: readonly string[], name: string): number {
  return rawHeaders.filter((header, index) => index % 2 === 0 && header.toLowerCase() === name).length
}
