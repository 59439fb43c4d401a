import type { RedisOptions } from 'ioredis'
import { RedisUrlError } from './errors.ts'

export interface RedisTarget {
  /** `host:port`, fit to be shown. */
  readonly address: string
  readonly options: RedisOptions
}

const DEFAULT_PORT = 6379
const ENCODE = 'percent-encode special characters in user and password: # is %23, / is %2F, % is %25, @ is %40'

/** @throws {RedisUrlError} with what to change; the password is in no message */
export function parseRedisUrl(text: string): RedisTarget {
  if (text.trim() === '') throw new RedisUrlError('the Redis URL is empty')
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) throw new RedisUrlError('this is no Redis URL')
  if (/sentinel|cluster/.test(scheme))
    throw new RedisUrlError(
      `${scheme}:// is not served yet`,
      'give the URL of a single server; Sentinel and Cluster will follow',
    )
  if (scheme !== 'redis' && scheme !== 'rediss') throw new RedisUrlError(`${scheme}:// is no Redis URL`)
  if (text.slice(text.lastIndexOf('@') + 1).includes(','))
    throw new RedisUrlError(
      'a list of servers is not served yet',
      'give the URL of a single server; Sentinel and Cluster will follow',
    )
  const url = parse(text)
  if (url.hash !== '' || url.search !== '') throw new RedisUrlError('a Redis URL has neither # nor ? in it', ENCODE)
  if (url.hostname === '') throw new RedisUrlError('the Redis URL names no host')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port)
  return {
    address: `${url.hostname}:${port}`,
    options: {
      host,
      port,
      db: databaseOf(url.pathname),
      ...(url.username === '' ? {} : { username: decode(url.username) }),
      ...(url.password === '' ? {} : { password: decode(url.password) }),
      ...(scheme === 'rediss' ? { tls: { servername: host } } : {}),
    },
  }
}

function parse(text: string): URL {
  try {
    return new URL(text)
  } catch {
    throw new RedisUrlError('the Redis URL cannot be read', ENCODE)
  }
}

function databaseOf(path: string): number {
  const name = path.replace(/^\//, '')
  if (name === '') return 0
  if (!/^\d{1,5}$/.test(name)) throw new RedisUrlError('the part behind the host is no database number')
  return Number(name)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new RedisUrlError('user or password of the Redis URL is not percent-encoded', ENCODE)
  }
}
