import { createClient, type BlobStore, type StartDurability } from '@agentloom/bullmq/client'
import type { Logger } from '@agentloom/telemetry'
import type { Plan } from '@agentloom/workflow'
import { type Address, ListenError } from '@agentloom/worker/program'
import type { FastifyInstance } from 'fastify'
import { keyGuard } from './http/api-key.ts'
import { createApp } from './http/app.ts'
import { isLoopback } from './http/guards.ts'
import { addBullBoard } from './queues/bull-board.ts'
import { addRunRoutes } from './runs/routes.ts'
import { checkApiKey } from './settings/server-settings.ts'

export interface StartServerOptions {
  /** `redis://…`, `redis+sentinel://…/NAME` or `redis+cluster://…`; `rediss` for TLS. */
  readonly redis: string
  /** First part of every key. Default `al`. */
  readonly prefix?: string
  /** Number of shards, fixed when the first run is started. Default: as fixed, else 1. */
  readonly shards?: number
  /** What is asked before and behind a START: see `ClientOptions` of `@agentloom/bullmq`. */
  readonly backlogMax?: number | undefined
  readonly memoryMark?: number | undefined
  readonly durability?: StartDurability | undefined
  /** Default `127.0.0.1`. Other addresses than loopback need a key. */
  readonly host?: string
  /** Default 8642; 0 picks one. */
  readonly port?: number
  /** At least 16 characters. Default null: none is asked for. */
  readonly apiKey?: string | null
  /** What `POST /runs` takes by name. Default: none. */
  readonly workflows?: Iterable<Plan>
  /** Keys and globs whose values are not shown, beside those that each workflow names. Default: none. */
  readonly redact?: readonly string[]
  /** Where values above 32 KiB lie: see AGENTLOOM_BLOBS. Default null: in Redis. */
  readonly blobs?: BlobStore | null
  /** How long ended runs stay in Redis, milliseconds. Default 7 days. */
  readonly retentionMs?: number
  readonly logger: Logger
}

export interface RunningServer {
  /** `http://host:port` */
  readonly url: string
  /** Takes no new requests, answers those in hand for `graceMs` (default 10,000), then ends. Twice is harmless. */
  close(options?: { readonly graceMs?: number }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const GRACE_MS = 10_000
const PORT = 8642
const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/**
 * Starts the HTTP API and Bull Board.
 * @throws {ApiKeyError} `server/no-api-key`, `server/weak-api-key` · {ListenError} `server/port-in-use`, `server/address`
 * @throws {RedisUrlError} `config/redis-url` · {RedisUnreachableError} `redis/unreachable` · {RedisConnectError} `redis/…`
 */
export async function startServer(options: StartServerOptions): Promise<RunningServer> {
  const {
    redis,
    prefix,
    shards,
    backlogMax,
    memoryMark,
    durability,
    host = '127.0.0.1',
    port = PORT,
    apiKey = null,
    workflows = [],
    redact = [],
    blobs = null,
    retentionMs,
    logger,
  } = options
  checkApiKey(apiKey, host)
  await using opened = new AsyncDisposableStack()
  const client = opened.use(
    await createClient({
      redis,
      redact,
      blobs,
      ...(retentionMs !== undefined && { retentionMs }),
      ...(prefix !== undefined && { prefix }),
      backlogMax,
      memoryMark,
      durability,
      ...(shards !== undefined && { shards }),
    }),
  )
  const app = createApp({
    log: logger,
    isLoopback: isLoopback(host),
    checkKey: apiKey === null ? null : keyGuard(apiKey),
    openPaths: OPEN_PATHS,
  })
  opened.defer(() => app.close())
  app.get('/healthz', async () => ({ status: 'live' }))
  app.get('/readyz', async (_request, reply) => {
    const isReady = client.isReady()
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'no-redis' })
  })
  const byName = new Map([...workflows].map((plan) => [plan.name, plan]))
  await app.register(async (scope) => addRunRoutes(scope, client, byName))
  await addBullBoard(app, client, logger)
  const bound = await listen(app, { host, port })
  const rest = opened.move()
  let closed: Promise<void> | null = null
  const close = ({ graceMs = GRACE_MS } = {}): Promise<void> => {
    const timer = setTimeout(() => app.server.closeAllConnections(), graceMs)
    closed ??= rest.disposeAsync()
    return closed.finally(() => clearTimeout(timer))
  }
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}

async function listen(app: FastifyInstance, address: Address): Promise<Address> {
  try {
    await app.listen({ host: address.host, port: address.port })
  } catch (error) {
    throw new ListenError(address, error)
  }
  return { host: address.host, port: portOf(app) ?? address.port }
}

function portOf(app: FastifyInstance): number | null {
  const bound = app.server.address()
  return bound === null || typeof bound === 'string' ? null : bound.port
}
