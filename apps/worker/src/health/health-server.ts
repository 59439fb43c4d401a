import { createServer, type ServerResponse } from 'node:http'
import { type Address, listenOn } from '../listen/listen.ts'

/** A probe sends a dozen headers at once; whoever takes longer is none. */
const HEADERS_MAX_MS = 5_000
const CONNECTIONS_MAX = 64

/** What a worker says of itself. */
export interface Health {
  readonly state: 'starting' | 'ready' | 'no-redis' | 'no-spool' | 'draining'
  readonly worker: string | null
  /** Steps in hand. */
  readonly held: number
}

/** For Prometheus. */
export interface Scraped {
  readonly contentType: string
  readonly text: string
}

export interface HealthServer extends AsyncDisposable {
  readonly address: Address
  close(): Promise<void>
}

/**
 * Answers `/healthz` with 200 while the event loop turns, `/readyz` with 200 while steps are taken, else 503, and `/metrics`
 * once the worker has started.
 * @throws {ListenError} `server/port-in-use`, `server/address`
 */
export async function startHealthServer(
  address: Address,
  health: () => Health,
  metrics: () => Promise<Scraped | null>,
): Promise<HealthServer> {
  const server = createServer(
    { headersTimeout: HEADERS_MAX_MS, requestTimeout: HEADERS_MAX_MS },
    (request, response) => {
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return answer(response.setHeader('allow', 'GET, HEAD'), 405, { error: 'GET only' })
      const now = health()
      if (request.url === '/healthz') return answer(response, 200, { status: 'live', worker: now.worker })
      if (request.url === '/readyz')
        return answer(response, now.state === 'ready' ? 200 : 503, {
          status: now.state,
          worker: now.worker,
          held: now.held,
        })
      if (request.url === '/metrics') return void answerScrape(response, metrics())
      return answer(response, 404, { error: 'see /healthz, /readyz and /metrics' })
    },
  )
  server.maxConnections = CONNECTIONS_MAX
  const bound = await listenOn(server, address)
  let closed: Promise<void> | null = null
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
    return closed
  }
  return { address: bound, close, [Symbol.asyncDispose]: close }
}

function answer(response: ServerResponse, status: number, body: object): void {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', connection: 'close' }
  response.writeHead(status, headers).end(`${JSON.stringify(body)}\n`)
}

async function answerScrape(response: ServerResponse, scraping: Promise<Scraped | null>): Promise<void> {
  const scraped = await scraping
  if (scraped === null) return answer(response, 503, { error: 'the worker is starting' })
  response.writeHead(200, { 'content-type': scraped.contentType, connection: 'close' }).end(scraped.text)
}
