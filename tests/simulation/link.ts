import type { Claim, Journal } from '@agentloom/engine'
import type { SimProcess } from './process.ts'
import { LEASE_MS, type Args, type Method, type Reply } from './store.ts'
import type { World } from './world.ts'

/** The server closed the connection; whether it has done what it was asked, nobody knows. */
class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError'
}

/** How long a client takes to connect again. */
const RECONNECT_MS = 200
const LATE_MS = 10_000
/**
 * A copy of a command comes within this time: less than a lease, for a copy of a claim is not told from another one when the
 * step has been claimed by somebody else in between.
 */
const COPY_MS = 2_000

/** A copy of these that comes late changes nothing: they carry a nonce, a count, or the same content. */
const FENCED: ReadonlySet<Method> = new Set<Method>([
  'start',
  'claim',
  'settle',
  'skip',
  'spread',
  'append',
  'wake',
  'signal',
  'release',
  'heartbeat',
  'reopen',
])

interface Request<M extends Method> {
  readonly method: M
  readonly args: Args<M>
  readonly resolve: (reply: Reply<M> | Promise<Reply<M>>) => void
  readonly reject: (error: Error) => void
  isAnswered: boolean
}

/** A process's connection to the store. Requests and replies are events of their own, and may go wrong. */
export class Link {
  readonly #world: World
  readonly #process: SimProcess
  readonly #isPerfect: boolean
  readonly #isPrivileged: boolean
  #open = 0

  /** @param options.isPrivileged passes while the store is shut */
  constructor(
    world: World,
    process: SimProcess,
    { isPerfect, isPrivileged = false }: { readonly isPerfect: boolean; readonly isPrivileged?: boolean },
  ) {
    this.#world = world
    this.#process = process
    this.#isPerfect = isPerfect
    this.#isPrivileged = isPrivileged
  }

  /** Requests without an answer. */
  get open(): number {
    return this.#open
  }

  call<M extends Method>(method: M, ...args: Args<M>): Promise<Reply<M>> {
    return new Promise((resolve, reject) => {
      if (!this.#process.isAlive) return
      this.#open += 1
      this.#send({ method, args, resolve, reject, isAnswered: false })
    })
  }

  #send<M extends Method>(request: Request<M>): void {
    const { dice, timeline, profile, counts } = this.#world
    const isFaulty = !this.#isPerfect && !this.#world.isCalm
    const happens = (probability: number): boolean => isFaulty && probability > 0 && dice.chance(probability)
    const { latencyMs } = profile
    let delayMs = dice.latencyMs(latencyMs)
    if (happens(profile.slowMessage)) {
      delayMs += dice.between(0, LATE_MS)
      if (delayMs > LEASE_MS) counts['slow-message'] += 1
    }
    if (happens(profile.requestLost)) {
      this.#process.after(delayMs + RECONNECT_MS, () => {
        if (request.isAnswered) return
        counts['request-lost'] += 1
        this.#send(request)
      })
      return
    }
    if (happens(profile.requestRefused)) {
      this.#process.after(delayMs + RECONNECT_MS, () => {
        counts['request-refused'] += 1
        this.#refuse(request)
      })
      return
    }
    const isCrash = happens(profile.crashInRequest)
    const isReplyLost = happens(profile.replyLost)
    const isReplyRefused = !isReplyLost && happens(profile.replyRefused)
    const arrive = (): void => {
      const reply = this.#execute(request)
      if (isCrash && this.#process.isAlive) {
        counts['crash-in-request'] += 1
        this.#world.crash(this.#process)
      } else if (isReplyLost) {
        this.#process.after(RECONNECT_MS, () => {
          counts['reply-lost'] += 1
          this.#send(request)
        })
      } else if (isReplyRefused) {
        this.#process.after(RECONNECT_MS, () => {
          counts['reply-refused'] += 1
          this.#refuse(request)
        })
      } else {
        this.#process.after(dice.latencyMs(latencyMs), () => this.#answer(request, reply))
      }
    }
    timeline.after(delayMs, () => (this.#isPrivileged ? arrive() : this.#world.store.whenOpen(arrive)))
    if (FENCED.has(request.method) && happens(profile.commandDoubled))
      timeline.after(delayMs + dice.between(0, COPY_MS), () => {
        if (this.#world.store.isShut) return
        counts['command-doubled'] += 1
        this.#execute(request).catch(() => undefined) // nobody hears this answer
      })
  }

  #execute<M extends Method>({ method, args }: Request<M>): Promise<Reply<M>> {
    const { store, audit, log } = this.#world
    log?.(`${this.#process.name} ${method} ${JSON.stringify(args)}`)
    const reply = store.execute(method, args)
    reply.catch(() => undefined) // the process may be gone when it comes
    if (method === 'heartbeat') {
      const [claims, leaseMs] = args as [readonly Claim[], number] // by the method
      ;(reply as ReturnType<Journal['heartbeat']>)
        .then((wishes) => audit.prolonged(claims, wishes, leaseMs))
        .catch((error: unknown) => this.#world.failed('heartbeat', error))
    }
    if (log !== null) void reply.then((value) => log(`  → ${JSON.stringify(value)}`))
    return reply
  }

  #answer<M extends Method>(request: Request<M>, reply: Promise<Reply<M>>): void {
    if (request.isAnswered) return
    request.isAnswered = true
    this.#open -= 1
    request.resolve(reply)
  }

  #refuse<M extends Method>(request: Request<M>): void {
    if (request.isAnswered) return
    request.isAnswered = true
    this.#open -= 1
    request.reject(new ConnectionLostError('connection lost'))
  }
}

/** The journal as a process has it. */
export function remoteJournal(link: Link): Journal {
  return {
    start: (run) => link.call('start', run),
    claim: (command) => link.call('claim', command),
    settle: (command) => link.call('settle', command),
    skip: (command) => link.call('skip', command),
    spread: (command) => link.call('spread', command),
    append: (claim, note) => link.call('append', claim, note),
    notes: (runId, stepId) => link.call('notes', runId, stepId),
    wake: (command) => link.call('wake', command),
    signal: (runId, name, payload) => link.call('signal', runId, name, payload),
    mirror: (runId, stepId, status) => link.call('mirror', runId, stepId, status),
    release: (claim, reason) => link.call('release', claim, reason),
    heartbeat: (claims, leaseMs) => link.call('heartbeat', claims, leaseMs),
    cancel: (runId, reason, code) => link.call('cancel', runId, reason, code),
    pause: (runId, reason) => link.call('pause', runId, reason),
    reopen: (command) => link.call('reopen', command),
    due: (limit, options) => link.call('due', limit, options),
    restore: (command, plan) => link.call('restore', command, plan),
    erase: (runId, recordCount) => link.call('erase', runId, recordCount),
    takeOver: (instance) => link.call('takeOver', instance),
    load: (runId, from) => link.call('load', runId, from),
    header: (runId) => link.call('header', runId),
    definition: (hash) => link.call('definition', hash),
    list: (filter) => link.call('list', filter),
  }
}
