import { connect } from 'node:net'

/** One reply of Redis; arrays nest. */
export type Reply = string | number | null | readonly Reply[]

/** Generous for a server on this machine, short beside a test's own limit. */
const ASK_MAX_MS = 5_000
const NEWLINE = '\r\n'

/**
 * Asks Redis one thing over a connection of its own. The room `testing` may import no client library, and needs only a
 * handful of questions: is it up, which keys are there, remove them.
 */
export function ask(url: string, command: readonly string[]): Promise<Reply> {
  const { hostname, port, username, password } = new URL(url)
  const login =
    password === ''
      ? []
      : [['AUTH', ...(username === '' ? [] : [decodeURIComponent(username)]), decodeURIComponent(password)]]
  const commands = [...login, command]
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port === '' ? 6379 : port), hostname)
    let received = Buffer.alloc(0)
    const fail = (error: Error) => {
      socket.destroy()
      reject(error)
    }
    socket.setTimeout(ASK_MAX_MS, () =>
      fail(new Error(`${hostname}:${port} did not answer ${command[0]} within ${ASK_MAX_MS} ms`)),
    )
    socket.on('error', fail)
    socket.on('close', () =>
      reject(new Error(`${hostname}:${port} closed the connection before it answered ${command[0]}`)),
    )
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      try {
        const replies = parseReplies(received, commands.length)
        if (replies === null) return
        resolve(replies.at(-1) ?? null)
        socket.destroy()
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)))
      }
    })
    socket.write(commands.map(encode).join(''))
  })
}

function encode(command: readonly string[]): string {
  const parts = command.map((part) => `$${Buffer.byteLength(part)}${NEWLINE}${part}${NEWLINE}`)
  return `*${command.length}${NEWLINE}${parts.join('')}`
}

/** Null while the bytes do not hold that many whole replies yet. An error reply is thrown. */
export function parseReplies(bytes: Buffer, count: number): Reply[] | null {
  const replies: Reply[] = []
  let at = 0
  while (replies.length < count) {
    const parsed = parseReply(bytes, at)
    if (parsed === null) return null
    replies.push(parsed.reply)
    at = parsed.end
  }
  return replies
}

function parseReply(bytes: Buffer, at: number): { reply: Reply; end: number } | null {
  const lineEnd = bytes.indexOf(NEWLINE, at)
  if (lineEnd === -1) return null
  const line = bytes.toString('utf8', at + 1, lineEnd)
  const end = lineEnd + NEWLINE.length
  switch (String.fromCharCode(bytes[at] ?? 0)) {
    case '+':
      return { reply: line, end }
    case '-':
      throw new Error(line)
    case ':':
      return { reply: Number(line), end }
    case '$': {
      const length = Number(line)
      if (length === -1) return { reply: null, end }
      if (bytes.length < end + length + NEWLINE.length) return null
      return { reply: bytes.toString('utf8', end, end + length), end: end + length + NEWLINE.length }
    }
    case '*': {
      const items: Reply[] = []
      let next = end
      while (items.length < Number(line)) {
        const item = parseReply(bytes, next)
        if (item === null) return null
        items.push(item.reply)
        next = item.end
      }
      return { reply: items, end: next }
    }
    default:
      throw new Error(`not a reply of Redis: ${JSON.stringify(bytes.toString('latin1', at, at + 20))}`)
  }
}
