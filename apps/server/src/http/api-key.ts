import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { HttpError } from './errors.ts'
import { count } from './guards.ts'

/** Asks for the key the way browsers understand: Bull Board is opened in one. */
const CHALLENGE = { 'www-authenticate': 'Basic realm="agentloom", charset="UTF-8"' }

/**
 * Lets through who has the key: `Authorization: Bearer KEY`, or Basic with the key as password and any name.
 * Hashes are compared, in the same time whatever was sent. @throws {HttpError} 401 `http/unauthorized`
 */
export function keyGuard(apiKey: string): (request: IncomingMessage) => void {
  const expected = hash(apiKey)
  return ({ headers, rawHeaders }) => {
    const isGood = timingSafeEqual(hash(keyIn(headers.authorization ?? '')), expected)
    if (isGood && count(rawHeaders, 'authorization') === 1) return
    const help = 'send the API key as Authorization: Bearer KEY, or as the password of Basic'
    throw new HttpError(401, 'http/unauthorized', 'no API key, or not the right one', {
      place: 'Authorization',
      help,
      headers: CHALLENGE,
    })
  }
}

function keyIn(authorization: string): string {
  const [, scheme = '', rest = ''] = /^(bearer|basic) +(\S+)$/i.exec(authorization) ?? []
  if (scheme.toLowerCase() !== 'basic') return rest
  const pair = Buffer.from(rest, 'base64').toString()
  return pair.slice(pair.indexOf(':') + 1)
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
