import type { Socket } from 'node:net'
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Logger } from '@agentloom/telemetry'
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify'
import { parseStrictJson } from '../body/strict-json.ts'
import { limitConnections } from './connections.ts'
import { HttpError } from './errors.ts'
import { guard, HEADERS_MAX } from './guards.ts'
import { methodGuard } from './methods.ts'
import { problem, PROBLEM_TYPE, problemOf, type ProblemReply } from './problem.ts'

const BODY_BYTES_MAX = 1_048_576
/** Node's own limit for the request line with all headers: the router shall cut nothing, URLs are measured in `guard`. */
const HEAD_BYTES_MAX = 16_384
/** Above what a proxy keeps its side open for costs a connection, below it a request now and then. */
const KEEP_ALIVE_MS = 10_000
/** Redis answers in milliseconds; who waits longer is better told so. */
const ANSWER_MAX_MS = 15_000

/** Bull Board's page asks a font server elsewhere for its letters, and so would tell it who looks at these queues: nothing leaves. */
const CONTENT_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'"

export interface AppOptions {
  readonly log: Logger
  readonly isLoopback: boolean
  /** Throws what refuses a request without the key; null where none is set. */
  readonly checkKey: ((request: Parameters<typeof guard>[0]) => void) | null
  /** Paths that need no key. */
  readonly openPaths: ReadonlySet<string>
  /** Default {@link WAITS}. */
  readonly waits?: Waits
}

/** How long a client may take, milliseconds. */
export interface Waits {
  /** Headers come at once, or somebody is holding connections. */
  readonly headersMs: number
  readonly requestMs: number
  /** How exactly these are kept. */
  readonly checkEveryMs: number
}

const WAITS: Waits = { headersMs: 10_000, requestMs: 30_000, checkEveryMs: 1_000 }

/** A server that refuses what no honest client sends, and tells errors as problem documents. No routes yet. */
export function createApp({ log, isLoopback, checkKey, openPaths, waits = WAITS }: AppOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: waits.requestMs,
    handlerTimeout: ANSWER_MAX_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Node would answer a missing Host by itself, with nothing but a status.
    http: {
      requireHostHeader: false,
      headersTimeout: waits.headersMs,
      connectionsCheckingInterval: waits.checkEveryMs,
    },
    forceCloseConnections: 'idle',
    clientErrorHandler: refuse,
    routerOptions: { maxParamLength: HEAD_BYTES_MAX },
    frameworkErrors: (_error, _request, reply) => refuseUrl(reply.raw),
  })
  // One more than is allowed: Node drops the rest silently, so that they could not be counted.
  app.server.maxHeadersCount = HEADERS_MAX + 1
  limitConnections(app.server)

  app.addHook('onRequest', async ({ raw }, reply) => {
    void reply.headers({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': CONTENT_POLICY,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    try {
      guard(raw, { isLoopback })
      if (!openPaths.has(raw.url ?? '')) checkKey?.(raw)
    } catch (error) {
      return answer(reply, problemOf(error)) // Bull Board has an error handler of its own, which would make it a 500
    }
  })

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, typeof body === 'string' || body.length === 0 ? null : parseStrictJson(body))
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  })

  const checkMethod = methodGuard(app)
  app.setNotFoundHandler(async ({ raw }) => {
    checkMethod(raw)
    throw new HttpError(404, 'http/no-such-page', 'there is no such page', { help: 'see /runs, /queues and /healthz' })
  })
  app.setErrorHandler((error, request, reply) => {
    const told = problemOf(error)
    if (told.problem.status >= 500)
      log.error({ exception: error, method: request.method, route: request.routeOptions.url }, 'request failed')
    return answer(reply, told)
  })
  return app
}

function answer(reply: FastifyReply, { problem: document, headers }: ProblemReply): FastifyReply {
  return reply.code(document.status).headers(headers).type(PROBLEM_TYPE).send(JSON.stringify(document))
}

/** The router cannot read the URL, and so no hook has seen the request. */
function refuseUrl(response: ServerResponse): void {
  const info = { code: 'http/bad-request', message: 'the path cannot be decoded', place: null, help: null }
  const body = JSON.stringify(problem(400, info))
  response.writeHead(400, { 'content-type': PROBLEM_TYPE, 'content-length': Buffer.byteLength(body) }).end(body)
}

/** What is no HTTP, or comes too slowly: answered on the socket, since there is no request. */
function refuse(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, code, message] = refusal(error.code)
  const body = JSON.stringify(problem(status, { code, message, place: null, help: null }))
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}`
  socket.end(`${head}\r\n\r\n${body}`)
}

function refusal(code: string | undefined): [status: number, code: string, message: string] {
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'http/headers', 'the headers are larger than 16 KiB']
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'http/timeout', 'the request came too slowly']
  return [400, 'http/bad-request', 'this is no HTTP/1.1 request']
}
