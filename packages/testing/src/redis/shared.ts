// One Redis for a whole test run, started by the runner before the first test (tests/shared-redis.ts). Each test takes
// a key prefix of its own, so that tests in one server never meet.

import { randomBytes } from 'node:crypto'
import { ask, type Reply } from './ask.ts'

/** Where tests find the shared Redis. Set it to run them against a server of your choice. */
export const TEST_REDIS_URL = 'AGENTLOOM_TEST_REDIS_URL'
/** Set instead when none could be started: why. */
export const TEST_REDIS_MISSING = 'AGENTLOOM_TEST_REDIS_MISSING'

const SCAN_COUNT = 1_000
const KEYS_SHOWN_MAX = 20

/**
 * URL of the Redis that this test run shares.
 * @throws {Error} the run has none; the message says why
 */
export function redisUrl(): string {
  const url = process.env[TEST_REDIS_URL]
  if (url !== undefined && url !== '') return url
  throw new Error(
    process.env[TEST_REDIS_MISSING] ??
      `no shared Redis: start the tests with vitest from the root, or set ${TEST_REDIS_URL}`,
  )
}

/** A key prefix that no other test has: letters and digits, so that it is no pattern and fits into a hash tag. */
export function testPrefix(): string {
  return `t${randomBytes(6).toString('hex')}`
}

/**
 * Checks that a test left nothing behind.
 * @throws {Error} there are keys with this prefix anywhere in their name; the message lists up to 20 of them
 */
export async function expectNoKeys(prefix: string, url: string = redisUrl()): Promise<void> {
  const keys = await keysOf(prefix, url)
  if (keys.length === 0) return
  const shown = keys.toSorted().slice(0, KEYS_SHOWN_MAX)
  const rest = keys.length - shown.length
  throw new Error(
    `${keys.length} keys of prefix ${prefix} are left in Redis:\n  ${shown.join('\n  ')}${rest > 0 ? `\n  and ${rest} more` : ''}`,
  )
}

/** Removes every key with this prefix in its name; for `afterEach`. */
export async function removeKeys(prefix: string, url: string = redisUrl()): Promise<void> {
  const keys = await keysOf(prefix, url)
  for (let at = 0; at < keys.length; at += SCAN_COUNT) await ask(url, ['UNLINK', ...keys.slice(at, at + SCAN_COUNT)])
}

async function keysOf(prefix: string, url: string): Promise<string[]> {
  if (!/^[A-Za-z0-9_-]+$/.test(prefix))
    throw new Error(`${JSON.stringify(prefix)} is no prefix: letters, digits, _ and - only`)
  const keys = new Set<string>()
  let cursor = '0'
  do {
    const [next, found] = pair(await ask(url, ['SCAN', cursor, 'MATCH', `*${prefix}*`, 'COUNT', String(SCAN_COUNT)]))
    for (const key of found) keys.add(String(key))
    cursor = next
  } while (cursor !== '0')
  return [...keys]
}

function pair(reply: Reply): [string, readonly Reply[]] {
  if (Array.isArray(reply) && typeof reply[0] === 'string' && Array.isArray(reply[1])) return [reply[0], reply[1]]
  throw new Error(`SCAN answered ${JSON.stringify(reply)}`)
}
