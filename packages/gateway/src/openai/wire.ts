import { Agent, fetch } from 'undici'
import type { Clock } from '@agentloom/engine/ports'
import { failureInBody, failureOfStatus } from '../failure/classify.ts'
import type { Fail } from '../failure/errors.ts'
import type { CallWatch } from './deadlines.ts'
import { networkFailure } from './network-failure.ts'
import { guardedBody, textUpTo } from './reply-body.ts'

/** A whole reply after unpacking. The largest honest one, a long answer with log probabilities, stays far below. */
const REPLY_BYTES_MAX = 32 * 1024 * 1024
/** Of an error page. */
const ERROR_BYTES_MAX = 64 * 1024
/** Of a reply's headers; Node's own limit. */
const HEADER_BYTES_MAX = 16 * 1024
/** Idle sockets are kept so long: steps of a run follow each other within seconds. */
const KEEP_ALIVE_MS = 30_000

/** What the fetch of a call knows of it; found by the call's own signal, the only thing that the SDK hands through. */
export interface WireCall {
  readonly watch: CallWatch
  readonly isStream: boolean
  /** Set when a status 200 has come: from here on the vendor bills. */
  isAnswered: boolean
}

export interface Wire {
  /** The fetch that the SDK is given. Typed failures only, or the reason of the call's signal. */
  readonly fetch: typeof globalThis.fetch
  /** Announces a call; its `watch.signal` must be the one that fetch is called with. */
  announce(call: WireCall): void
  close(): Promise<void>
}

/**
 * The provider's own way to the network: its own pool of connections (Node's fetch has no connect deadline of ours, and does
 * not take another undici's agent), nothing but status 200 is an answer, redirects are not followed.
 */
export function createWire({ fail, connectMs, clock }: { fail: Fail; connectMs: number; clock: Clock }): Wire {
  const agent = new Agent({
    connect: { timeout: connectMs },
    // Our own deadlines watch over both.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
  })
  const calls = new WeakMap<AbortSignal, WireCall>()

  async function guardedFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const { signal } = init
    const call = signal == null ? undefined : calls.get(signal)
    if (signal == null || call === undefined) throw new Error('a request without an announced call')
    const response = await fetch(input instanceof Request ? input.url : input, {
      method: init.method ?? 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(typeof init.body === 'string' && { body: init.body }),
      signal,
      redirect: 'manual',
      dispatcher: agent,
    }).catch((error: unknown) => {
      signal.throwIfAborted()
      throw fail(networkFailure(error))
    })
    const headers = new Headers([...response.headers])
    const body: ReadableStream<Uint8Array> | null = response.body
    if (response.status !== 200) {
      call.watch.begun()
      const text = await textUpTo(body, ERROR_BYTES_MAX)
      signal.throwIfAborted()
      throw fail(failureOfStatus(response.status, text, headers, clock.now()))
    }
    call.isAnswered = true
    if (call.isStream && isNoStream(headers)) {
      const text = await textUpTo(body, ERROR_BYTES_MAX)
      const found = failureInBody(jsonOf(text))
      throw fail(found ?? { kind: 'not-a-stream', reason: `asked for a stream, got ${typeOf(headers)}` })
    }
    if (body === null) throw fail({ kind: 'not-json', reason: 'an empty reply' })
    if (!call.isStream) call.watch.begun()
    const guarded = guardedBody(body, {
      fail,
      bytesMax: REPLY_BYTES_MAX,
      isEventStream: call.isStream,
      onBytes: () => call.watch.touch(),
    })
    return new Response(guarded, { status: 200, headers })
  }

  return {
    fetch: guardedFetch,
    announce: (call) => void calls.set(call.watch.signal, call),
    // Not `close`, which would wait for calls that nobody waits for any more.
    close: () => agent.destroy(),
  }
}

/** Servers are careless about the type of event streams, but nobody sends them as JSON or HTML. */
function isNoStream(headers: Headers): boolean {
  return /json|html|xml/i.test(typeOf(headers))
}

function typeOf(headers: Headers): string {
  return headers.get('content-type') ?? 'no content type'
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
