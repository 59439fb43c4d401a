import { ProviderError, type Fail, type Failure } from '../failure/errors.ts'
import { networkFailure } from './network-failure.ts'

interface GuardOptions {
  readonly fail: Fail
  /** After unpacking. */
  readonly bytesMax: number
  /** Ends at `data: [DONE]`: what a server says or does after it is its own affair. */
  readonly isEventStream: boolean
  readonly onBytes: () => void
}

const DONE = Buffer.from('[DONE]')
const EVENT_END = Buffer.from('\n\n')
/** How long the end of a body may take after its last event, so that the connection can serve again. */
const END_OF_BODY_MS = 100
/** `\ndata: ` before the mark, which may lie in the chunk before. */
const TAIL_BYTES = 16

/** A reply's bytes, bounded, with every failure of reading as a typed one. Pulled, never pushed: a slow reader slows the sender. */
export function guardedBody(
  body: ReadableStream<Uint8Array>,
  { fail, bytesMax, isEventStream, onBytes }: GuardOptions,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let bytes = 0
  let tail: Uint8Array = new Uint8Array()

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) return controller.close()
        onBytes()
        bytes += value.byteLength
        if (bytes > bytesMax) {
          controller.error(fail(tooLarge(bytesMax)))
          return await reader.cancel().catch(() => {})
        }
        const end = isEventStream ? endOfEvents(tail, value) : null
        if (end === null) {
          tail = Buffer.concat([tail, value]).subarray(-TAIL_BYTES)
          return controller.enqueue(value)
        }
        controller.enqueue(Buffer.concat([value.subarray(0, end), EVENT_END]))
        controller.close()
        void letGo(reader)
      } catch (error) {
        controller.error(error instanceof ProviderError ? error : fail(bodyFailure(error, isEventStream)))
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
}

/** A reply in one piece says how long it is: if the other side closes before, it is no reply; a stream was interrupted. */
function bodyFailure(error: unknown, isEventStream: boolean): Failure {
  const failure = networkFailure(error)
  return !isEventStream && failure.reason.includes('UND_ERR_SOCKET') ? { ...failure, kind: 'broken-reply' } : failure
}

/** Waits a moment for the end of a body of which nothing more is wanted, then gives its connection up. */
async function letGo(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const giveUp = (): void => void reader.cancel().catch(() => {})
  const timer = setTimeout(giveUp, END_OF_BODY_MS).unref()
  try {
    if (!(await reader.read()).done) giveUp()
  } catch {
    // It has been given up, or torn: the same to us.
  }
  clearTimeout(timer)
}

/** Reads at most so many bytes of a body as text and lets the rest go. Never throws: it is for saying what an error page says. */
export async function textUpTo(body: ReadableStream<Uint8Array> | null, bytesMax: number): Promise<string> {
  if (body === null) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  const reader = body.getReader()
  try {
    while (bytes < bytesMax) {
      const { done, value } = await reader.read()
      if (done) break
      chunks.push(value)
      bytes += value.byteLength
    }
  } catch {
    // What has come so far says enough.
  }
  await reader.cancel().catch(() => {})
  return Buffer.concat(chunks).subarray(0, bytesMax).toString()
}

export function tooLarge(bytesMax: number): Failure {
  return { kind: 'too-large', reason: `the reply is larger than ${bytesMax / 1_048_576} MiB` }
}

/** The index behind the mark in `chunk`, or null. A mark inside a text is never at the start of a line: JSON has no bare line ends. */
function endOfEvents(tail: Uint8Array, chunk: Uint8Array): number | null {
  const window = Buffer.concat([tail, chunk])
  for (let at = window.indexOf(DONE); at >= 0; at = window.indexOf(DONE, at + 1)) {
    const before = window.subarray(Math.max(0, at - TAIL_BYTES), at).toString('latin1')
    const end = at + DONE.length - tail.byteLength
    if (/(?:^|[\r\n])data: ?$/.test(before) && end > 0) return end
  }
  return null
}
