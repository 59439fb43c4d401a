import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from './ask.ts'
import { startContainer } from './container.ts'
import { dockerAnswers } from './docker.ts'
import { hasLocalServer, startLocal } from './local.ts'
import type { RedisOptions, Server } from './server.ts'

/** A Redis server of one's own. It ends with this process, however that ends. */
export interface RedisHandle {
  /** `redis://127.0.0.1:port`; the same after a restart. */
  readonly url: string
  readonly port: number
  /** Process id of a local server; null in a container, and while it is dead. */
  readonly pid: number | null
  /** Kills the server with SIGKILL, as a power cut would, and returns when it is gone. Twice is harmless. */
  kill9(): Promise<void>
  /** Starts the killed server again: same port, same files. Returns when it answers. Kills it first if it runs. */
  restart(): Promise<void>
  /** Ends the server and removes its temporary folder. Twice is harmless. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Loading a large append-only file takes seconds; more than this is a hang. */
const READY_MAX_MS = 30_000
const READY_POLL_MS = 10

/**
 * Starts a Redis: through `@testcontainers/redis` where a Docker engine answers, else the machine's own `redis-server`.
 * Starting it costs about 30 ms locally and a second or two in a container; tests that neither kill nor configure it
 * share one through `redisUrl()` instead.
 * @throws {Error} neither is to be had, or the server does not come up; the message holds what it said
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisHandle> {
  const server = await startServer(options)
  const url = `redis://${server.host}:${server.port}`
  let isUp = true
  const kill9 = async () => {
    if (!isUp) return
    isUp = false
    await server.kill9()
  }
  const handle: RedisHandle = {
    url,
    port: server.port,
    get pid() {
      return server.pid()
    },
    kill9,
    async restart() {
      await kill9()
      await server.start()
      await untilReady(url)
      isUp = true
    },
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  }
  try {
    await untilReady(url)
  } catch (error) {
    await server.stop()
    throw error
  }
  return handle
}

async function startServer(options: RedisOptions): Promise<Server> {
  if (options.isLocal !== true && (await dockerAnswers())) {
    try {
      return await startContainer(options)
    } catch (error) {
      // An engine without a reachable image registry is no reason to go without tests.
      if (!hasLocalServer()) throw error
    }
  }
  if (hasLocalServer()) return startLocal(options)
  throw new Error(
    'no Redis for tests: no Docker engine answers and no redis-server is on PATH; start Docker or install redis-server',
  )
}

/** @throws {Error} it does not answer PING in time; while it loads its files it answers LOADING, an error too */
async function untilReady(url: string): Promise<void> {
  const giveUpAtMs = Date.now() + READY_MAX_MS
  for (;;) {
    try {
      await ask(url, ['PING'])
      return
    } catch (error) {
      if (Date.now() > giveUpAtMs)
        throw new Error(`Redis at ${url} is not ready after ${READY_MAX_MS} ms`, { cause: error })
      await sleep(READY_POLL_MS)
    }
  }
}
