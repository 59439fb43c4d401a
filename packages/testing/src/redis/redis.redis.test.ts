import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { ask } from './ask.ts'
import { startRedis } from './redis.ts'
import { expectNoKeys, redisUrl, removeKeys, testPrefix } from './shared.ts'

test('the shared Redis answers', async () => {
  expect(await ask(redisUrl(), ['PING'])).toBe('PONG')
})

test('keys that a test leaves behind are found and named, and can be removed', async () => {
  const prefix = testPrefix()
  await expectNoKeys(prefix)
  await ask(redisUrl(), ['SET', `{${prefix}:0}:run:ä`, '1'])
  await expect(expectNoKeys(prefix)).rejects.toThrow(
    `1 keys of prefix ${prefix} are left in Redis:\n  {${prefix}:0}:run:ä`,
  )
  await removeKeys(prefix)
  await expectNoKeys(prefix)
})

test('a server with an append-only file survives kill -9 with its data, on the same port', async () => {
  await using redis = await startRedis({ appendonly: true, appendfsync: 'always' })
  const firstPid = redis.pid
  await ask(redis.url, ['SET', 'kept', 'yes'])
  await redis.kill9()
  await expect(ask(redis.url, ['PING'])).rejects.toThrow('ECONNREFUSED')
  await redis.restart()
  expect(await ask(redis.url, ['GET', 'kept'])).toBe('yes')
  if (firstPid !== null) expect(redis.pid).not.toBe(firstPid)
})

test('a server without one starts empty again', async () => {
  await using redis = await startRedis()
  await ask(redis.url, ['SET', 'kept', 'yes'])
  await redis.restart()
  expect(await ask(redis.url, ['GET', 'kept'])).toBeNull()
})

test('options that Redis refuses are told in its own words', async () => {
  await expect(startRedis({ args: ['--no-such-setting', '1'] })).rejects.toThrow(/no-such-setting|Bad directive/)
})

test('a server does not outlive the process that started it, even by SIGKILL', async () => {
  const script = `
    import { startRedis } from ${JSON.stringify(new URL('./redis.ts', import.meta.url).href)}
    const redis = await startRedis()
    console.log(JSON.stringify({ url: redis.url, pid: redis.pid }))
    setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(owner.stdout, 'data')
  const { url, pid } = JSON.parse(String(line)) as { url: string; pid: number | null }
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  if (pid === null) return // in a container it is the reaper of testcontainers that ends it, a little later
  await expect.poll(() => isUp(url), { timeout: 5_000 }).toBe(false)
})

async function isUp(url: string): Promise<boolean> {
  try {
    await ask(url, ['PING'])
    return true
  } catch {
    return false
  }
}
