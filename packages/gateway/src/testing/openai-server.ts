import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { completionBody, completionEvents, type RawReply, type ServerAnswer } from './answers.ts'

export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Parsed; null where it is no JSON. */
  readonly body: Readonly<Record<string, unknown>> | null
}

export interface OpenAIServer extends AsyncDisposable {
  /** Base URL, up to and with `/v1`. */
  readonly url: string
  /** In the order in which they came. */
  readonly requests: readonly ReceivedRequest[]
  /** Answers for the next requests, behind those already waiting; a function sees the request. */
  next(...answers: (ServerAnswer | ((request: ReceivedRequest) => ServerAnswer))[]): void
  /** Resolves once the n-th request (1-based) has come and once its client has gone, respectively. */
  received(count: number): Promise<void>
  abandoned(count: number): Promise<void>
  close(): Promise<void>
}

export interface OpenAIServerOptions {
  /** Names that `GET /models` lists. */
  readonly models?: readonly string[]
}

/**
 * A real HTTP server on a free loopback port that speaks OpenAI's chat completions. Without a script it says `Hello`, streamed or
 * not as the request asks.
 */
export async function startOpenAIServer({ models = [] }: OpenAIServerOptions = {}): Promise<OpenAIServer> {
  const requests: ReceivedRequest[] = []
  const script: (ServerAnswer | ((request: ReceivedRequest) => ServerAnswer))[] = []
  const received = counter()
  const abandoned = counter()

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await read(request)
    if (seen.method === 'GET' && seen.path.endsWith('/models'))
      return sendJson(response, 200, { object: 'list', data: models.map((id) => ({ id, object: 'model' })) })
    requests.push(seen)
    received.add()
    response.once('close', () => {
      if (!response.writableEnded) abandoned.add()
    })
    const next = script.shift() ?? { kind: 'answer' as const }
    await answer(response, seen, typeof next === 'function' ? next(seen) : next)
  }

  const server = createServer((request, response) => {
    // The client may go away in the middle of anything; that is what it is for.
    response.on('error', () => {})
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    requests,
    next: (...answers) => void script.push(...answers),
    received: (count) => received.reached(count),
    abandoned: (count) => abandoned.reached(count),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function answer(response: ServerResponse, request: ReceivedRequest, scripted: ServerAnswer): Promise<void> {
  switch (scripted.kind) {
    case 'silence':
      return
    case 'error':
      return sendJson(response, scripted.status, scripted.body ?? '', scripted.headers)
    case 'bytes':
      return sendBytes(response, scripted)
    case 'answer': {
      await scripted.after
      const model = typeof request.body?.['model'] === 'string' ? request.body['model'] : 'unknown'
      if (request.body?.['stream'] !== true) return sendJson(response, 200, completionBody(scripted, model))
      const headers = { 'content-type': 'text/event-stream' }
      return sendBytes(response, { headers, chunks: completionEvents(scripted, model) })
    }
    default:
      return scripted satisfies never
  }
}

async function sendBytes(response: ServerResponse, { status = 200, headers, chunks, ending }: RawReply): Promise<void> {
  response.socket?.setNoDelay(true)
  response.writeHead(status, { ...headers })
  response.flushHeaders()
  for (const chunk of chunks) {
    await new Promise<void>((resolve) => response.write(chunk, () => resolve()))
    // A turn of the loop between two, so that they are not put into one packet.
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  if (ending === 'reset') response.socket?.resetAndDestroy()
  else if (ending !== 'stall') response.end()
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const type = typeof body === 'string' ? 'text/plain' : 'application/json'
  response.writeHead(status, { 'content-type': type, ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

async function read(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  let body: ReceivedRequest['body'] = null
  try {
    body = JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    // Not every request has a body.
  }
  return { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
}

/** Counts, and lets others wait for a count. */
function counter(): { add(): void; reached(count: number): Promise<void> } {
  let count = 0
  const waiting: { readonly at: number; readonly resolve: () => void }[] = []
  return {
    add() {
      count += 1
      for (const { at, resolve } of waiting) if (at <= count) resolve()
    },
    reached: (at) =>
      new Promise((resolve) => {
        if (at <= count) resolve()
        else waiting.push({ at, resolve })
      }),
  }
}
