import { once } from 'node:events'
import { createServer, connect, type Server, type Socket } from 'node:net'

/** `before`: the next script call of a run never arrives. `after`: it arrives, and its reply does not. */
export type Cut = 'before' | 'after'

/** Between one worker and Redis: passes everything on until it is told not to. */
export class Proxy {
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #armed: { readonly cut: Cut; readonly done: () => void } | null = null
  #delayMs = 0
  /** Connections that Redis itself ended. */
  endedByRedis = 0
  /** Bytes that were held back by a delay. */
  delayedBytes = 0

  private constructor(server: Server) {
    this.#server = server
  }

  static async open(redisPort: number): Promise<Proxy> {
    const server = createServer({ noDelay: true })
    const proxy = new Proxy(server)
    server.on('connection', (client) => proxy.#accept(client, redisPort))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
    return `redis://127.0.0.1:${address.port}`
  }

  /** Resolves true when the connection was cut; gives up after `msMax`. */
  async cut(cut: Cut, msMax: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#armed = { cut, done: () => resolve(true) }
    const timer = setTimeout(() => resolve(false), msMax)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#armed = null
    }
  }

  set delayMs(ms: number) {
    this.#delayMs = ms
  }

  close(): void {
    this.#server.close()
    for (const pair of this.#pairs) end(pair)
  }

  #accept(client: Socket, redisPort: number): void {
    const redis = connect({ host: '127.0.0.1', port: redisPort, noDelay: true })
    const pair: Pair = { client, redis, toClient: new Line(client), toRedis: new Line(redis), isReplyCut: false }
    this.#pairs.add(pair)
    client.on('data', (chunk: Buffer) => this.#request(pair, chunk))
    redis.on('data', (chunk: Buffer) => this.#reply(pair, chunk))
    redis.on('close', () => {
      if (this.#pairs.has(pair)) this.endedByRedis += 1
      this.#end(pair)
    })
    client.on('close', () => this.#end(pair))
    for (const socket of [client, redis]) socket.on('error', () => this.#end(pair))
  }

  #request(pair: Pair, chunk: Buffer): void {
    const armed = this.#armed
    if (armed === null || !isStepCommand(chunk)) return this.#pass(pair.toRedis, chunk)
    this.#armed = null
    if (armed.cut === 'before') {
      this.#end(pair)
      armed.done()
      return
    }
    pair.isReplyCut = true
    pair.redis.once('data', armed.done)
    pair.redis.write(chunk)
  }

  #reply(pair: Pair, chunk: Buffer): void {
    if (pair.isReplyCut) this.#end(pair)
    else this.#pass(pair.toClient, chunk)
  }

  #pass(line: Line, chunk: Buffer): void {
    if (this.#delayMs > 0) this.delayedBytes += chunk.length
    line.send(chunk, this.#delayMs)
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair)
    end(pair)
  }
}

interface Pair {
  readonly client: Socket
  readonly redis: Socket
  readonly toClient: Line
  readonly toRedis: Line
  isReplyCut: boolean
}

/** One direction: what is held back keeps its order. */
class Line {
  readonly #socket: Socket
  readonly #waiting: { readonly chunk: Buffer; readonly atMs: number }[] = []

  constructor(socket: Socket) {
    this.#socket = socket
  }

  send(chunk: Buffer, delayMs: number): void {
    if (delayMs === 0 && this.#waiting.length === 0) {
      if (this.#socket.writable) this.#socket.write(chunk)
      return
    }
    this.#waiting.push({ chunk, atMs: performance.now() + delayMs })
    if (this.#waiting.length === 1) setTimeout(() => this.#release(), delayMs)
  }

  #release(): void {
    for (let [first] = this.#waiting; first !== undefined && first.atMs <= performance.now(); [first] = this.#waiting) {
      this.#waiting.shift()
      if (this.#socket.writable) this.#socket.write(first.chunk)
    }
    const [next] = this.#waiting
    if (next !== undefined) setTimeout(() => this.#release(), Math.max(1, next.atMs - performance.now()))
  }
}

function end({ client, redis }: Pair): void {
  client.destroy()
  redis.destroy()
}

/** A script of ours about a run: those of BullMQ name none. */
function isStepCommand(chunk: Buffer): boolean {
  return /evalsha/i.test(chunk.toString('latin1')) && chunk.includes(':run:')
}
