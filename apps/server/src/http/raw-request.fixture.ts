import { connect } from 'node:net'

export interface RawReply {
  readonly status: number
  readonly head: string
  /** The code of a problem document, or null. */
  readonly code: string | null
  readonly body: string
}

/** Sends bytes as they are and reads until the server has answered and closed, or says nothing more for a moment. */
export function rawRequest(port: number, bytes: string | Uint8Array): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    let said = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no whole answer: ${said}`)))
    const finish = (): void => {
      socket.destroy()
      try {
        resolve(parse(said))
      } catch (error) {
        reject(new Error(`no problem document: ${said}`, { cause: error }))
      }
    }
    socket.on('data', (chunk) => {
      said += chunk.toString()
      if (isWhole(said)) finish()
    })
    socket.on('close', () => (said === '' ? reject(new Error('closed without an answer')) : finish()))
    socket.on('error', reject)
  })
}

function isWhole(said: string): boolean {
  const [head = '', body] = said.split('\r\n\r\n', 2)
  const length = /^content-length: (\d+)$/im.exec(head)?.[1]
  return body !== undefined && length !== undefined && Buffer.byteLength(body) >= Number(length)
}

function parse(said: string): RawReply {
  const [head = '', body = ''] = said.split('\r\n\r\n', 2)
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0)
  const problem: unknown = /^content-type: application\/problem\+json/im.test(head) ? JSON.parse(body) : null
  const code = typeof problem === 'object' && problem !== null && 'code' in problem ? String(problem.code) : null
  return { status, head, code, body }
}
