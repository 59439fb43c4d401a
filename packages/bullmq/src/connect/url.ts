import type { RedisOptions } from 'ioredis'
import { RedisUrlError } from './errors.ts'

interface Host {
  readonly host: string
  readonly port: number
}

/** What a URL names. Options are those of every connection to a node; none of them shows the password. */
export type RedisTarget = {
  /** `host:port`, or several with commas; fit to be shown. */
  readonly address: string
  readonly options: RedisOptions
} & (
  | { readonly kind: 'single' }
  /** The primary is whom the Sentinels name. */
  | { readonly kind: 'sentinel'; readonly sentinels: readonly Host[]; readonly group: string }
  /** Any of the nodes leads to the others. */
  | { readonly kind: 'cluster'; readonly nodes: readonly Host[] }
)

const DEFAULT_PORT = 6379
const DEFAULT_SENTINEL_PORT = 26379
const HOSTS_MAX = 32
const ENCODE = 'percent-encode special characters in user and password: # is %23, / is %2F, % is %25, @ is %40'

/** @throws {RedisUrlError} with what to change; the password is in no message */
export function parseRedisUrl(text: string): RedisTarget {
  if (text.trim() === '') throw new RedisUrlError('the Redis URL is empty')
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? []
  if (scheme === '') throw new RedisUrlError('this is no Redis URL')
  const [, secure, kind] = /^redis(s?)(?:\+(sentinel|cluster))?$/i.exec(scheme) ?? []
  if (secure === undefined) throw new RedisUrlError(`${scheme}:// is no Redis URL`)
  const isSecure = secure !== ''
  switch (kind?.toLowerCase()) {
    case 'sentinel':
      return sentinelTarget(rest, isSecure)
    case 'cluster':
      return clusterTarget(rest, isSecure)
    default:
      return singleTarget(text, rest, isSecure)
  }
}

function singleTarget(text: string, rest: string, isSecure: boolean): RedisTarget {
  if (rest.slice(rest.lastIndexOf('@') + 1).includes(','))
    throw new RedisUrlError(
      'this is a list of servers',
      'write redis+cluster://host:port,host:port, or redis+sentinel://host:port,host:port/NAME',
    )
  const url = parse(text)
  const { host, port } = hostOf(url, DEFAULT_PORT)
  return {
    kind: 'single',
    address: `${url.hostname}:${port}`,
    options: { host, port, ...optionsOf(url, isSecure, host), db: databaseOf(url.pathname.replace(/^\//, '')) },
  }
}

function sentinelTarget(rest: string, isSecure: boolean): RedisTarget {
  const { url, hosts } = listOf(rest, DEFAULT_SENTINEL_PORT)
  const [group = '', database = '', ...more] = url.pathname.replace(/^\//, '').split('/')
  if (group === '' || more.length > 0)
    throw new RedisUrlError(
      'the URL does not name what the Sentinels watch',
      'write redis+sentinel://host:26379,host:26379/NAME, where NAME is that of `sentinel monitor NAME …`',
    )
  return {
    kind: 'sentinel',
    address: addressOf(hosts),
    sentinels: hosts,
    group: decode(group),
    options: { ...optionsOf(url, isSecure), db: databaseOf(database) },
  }
}

function clusterTarget(rest: string, isSecure: boolean): RedisTarget {
  const { url, hosts } = listOf(rest, DEFAULT_PORT)
  if (databaseOf(url.pathname.replace(/^\//, '')) !== 0)
    throw new RedisUrlError('a Cluster has one database only', 'leave out what stands behind the hosts')
  return { kind: 'cluster', address: addressOf(hosts), nodes: hosts, options: optionsOf(url, isSecure) }
}

/** `[user:password@]host[:port],host[:port],…[/path]` */
function listOf(rest: string, defaultPort: number): { readonly url: URL; readonly hosts: readonly Host[] } {
  const at = rest.lastIndexOf('@')
  const login = rest.slice(0, at + 1)
  const [list = '', ...path] = rest.slice(at + 1).split('/')
  const names = list.split(',')
  if (names.length > HOSTS_MAX) throw new RedisUrlError(`more than ${HOSTS_MAX} servers are named`)
  const hosts = names.map((name) => hostOf(parse(`redis://${name}`), defaultPort))
  return { url: parse(`redis://${login}host/${path.join('/')}`), hosts }
}

function addressOf(hosts: readonly Host[]): string {
  return hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',')
}

function hostOf(url: URL, defaultPort: number): Host {
  if (url.hostname === '') throw new RedisUrlError('the Redis URL names no host')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return { host, port: url.port === '' ? defaultPort : Number(url.port) }
}

function optionsOf(url: URL, isSecure: boolean, host?: string): RedisOptions {
  if (url.hash !== '' || url.search !== '') throw new RedisUrlError('a Redis URL has neither # nor ? in it', ENCODE)
  return {
    ...(url.username === '' ? {} : { username: decode(url.username) }),
    ...(url.password === '' ? {} : { password: decode(url.password) }),
    ...(isSecure ? { tls: host === undefined ? {} : { servername: host } } : {}),
  }
}

function parse(text: string): URL {
  try {
    return new URL(text)
  } catch {
    throw new RedisUrlError('the Redis URL cannot be read', ENCODE)
  }
}

function databaseOf(name: string): number {
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
