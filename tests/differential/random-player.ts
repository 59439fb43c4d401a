import {
  decide,
  edgesOf,
  NO_VERDICTS,
  planResume,
  restartCommand,
  startCommand,
  type Claim,
  type Edge,
  type Journal,
  type NextClaim,
  type Obligation,
  type Outcome,
  type Settlement,
  type StartRun,
  type Verdicts,
  type Wait,
} from '@agentloom/engine'
import { CLEANUP_STEP, type Plan, type PlanNode } from '@agentloom/workflow'
import { childPlans, RUN_IDS, SIGNALS, type Answer, type Choice, type Command, type How } from './random-commands.ts'

type Played = Exclude<Command, { do: 'advance' }>
type OfRun = Extract<Played, { readonly run: number }>

/** A step of the plan, or its cleanup step, which has no node. */
interface Place {
  readonly id: string
  readonly index: number
  readonly node: PlanNode | null
}

/** Plays commands on one journal; remembers what workers would. */
export class Player {
  readonly #journal: Journal
  readonly #runs: readonly RunPlayer[]

  constructor(journal: Journal, plan: Plan) {
    this.#journal = journal
    this.#runs = RUN_IDS.map((runId, index) => {
      const own = index === 0 || index > 3 ? plan : (childPlans[index % childPlans.length] ?? plan)
      return new RunPlayer(journal, own, runId, plan)
    })
  }

  async play(command: Played): Promise<unknown> {
    switch (command.do) {
      case 'due':
        return this.#learn(await this.#journal.due(1_000, { endsLeases: command.endsLeases }))
      case 'take-over':
        return this.#learn(await this.#journal.takeOver(command.instance))
      case 'list': {
        const listed = [
          await this.#journal.list({ limit: 10 }),
          await this.#journal.list({ limit: 10, withChildren: true }),
          await this.#journal.list({ limit: 10, withChildren: true, statuses: ['parked'] }),
        ]
        return listed.map((headers) => headers.map(({ runId, status }) => `${runId} ${status}`).toSorted())
      }
      default: {
        const reply = await this.#runs[command.run]?.play(command)
        for (const one of this.#runs) one.learn(reply)
        return reply
      }
    }
  }

  #learn(obligations: readonly Obligation[]): readonly Obligation[] {
    const overdue = obligations.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    for (const one of this.#runs) one.learn(overdue)
    return overdue
  }
}

class RunPlayer {
  readonly runId: string
  readonly #journal: Journal
  readonly #plan: Plan
  /** The step of the parent of which this run is a child. */
  readonly #parentStep: string
  /** By step: the claim that was given last. */
  readonly #held = new Map<string, Claim>()
  readonly #offered = new Set<string>()
  readonly #undecided = new Map<string, Verdicts>()
  readonly #waiting = new Set<string>()
  #nonces = 0

  constructor(journal: Journal, plan: Plan, runId: string, root: Plan) {
    this.#journal = journal
    this.#plan = plan
    this.runId = runId
    this.#parentStep = root.nodes[0]?.id ?? ''
  }

  /** What any reply, also one of another run, says of this run's steps to be claimed or decided. */
  learn(reply: unknown): void {
    if (Array.isArray(reply)) for (const one of reply) this.learn(one)
    if (typeof reply !== 'object' || reply === null) return
    if ('offers' in reply) this.learn(reply.offers)
    if ('undecided' in reply) this.learn(reply.undecided)
    if ('instead' in reply) this.learn(reply.instead)
    if (!('stepId' in reply && 'epoch' in reply && 'runId' in reply) || reply.runId !== this.runId) return
    const stepId = String(reply.stepId)
    if ('verdicts' in reply) this.#undecided.set(stepId, reply.verdicts as Verdicts)
    else this.#offered.add(stepId)
  }

  async play(command: OfRun): Promise<unknown> {
    const journal = this.#journal
    const { runId } = this
    switch (command.do) {
      case 'start':
        return (await this.#hasParent()) ? journal.start(this.#start()) : null
      case 'claim': {
        const { id } = this.#chosen(command.step, this.#offered)
        this.#offered.delete(id)
        const again = this.#held.get(id)?.nonce
        const fresh = command.nonce === 0 || again === undefined ? `n${(this.#nonces += 1)}` : again
        const reads = command.reads.map((index) => this.#place(index).id)
        const reply = await journal.claim({
          offer: { runId, stepId: id, epoch: 0 },
          nonce: fresh,
          worker: 'w"ä',
          leaseMs: 10_000,
          reads,
          isDecided: command.isDecided,
          isRushed: command.isRushed,
          acceptsSuspect: command.acceptsSuspect,
        })
        if (reply.outcome === 'claimed') this.#held.set(id, reply.claim)
        return reply
      }
      case 'settle':
        return this.#settle(command)
      case 'skip': {
        const place = this.#chosen(command.step, this.#undecided)
        const decision = decide(this.#plan, this.#undecided.get(place.id) ?? NO_VERDICTS)
        const cause = decision.run ? command.cause : decision.cause
        this.#undecided.delete(place.id)
        const edges = this.#edges(place, { kind: 'skipped', cause })
        const next = command.goOn ? this.#next(edges) : null
        const offer = { runId, stepId: place.id, epoch: 0 }
        const reply = await journal.skip({ offer, rank: place.index, cause, edges, next })
        if (reply.outcome === 'settled' && reply.next !== null)
          this.#held.set(reply.next.claim.stepId, reply.next.claim)
        return reply
      }
      case 'spread': {
        const place = this.#chosen(command.step, [])
        return journal.spread({ runId, stepId: place.id, edges: this.#edges(place, { kind: 'failed' }) })
      }
      case 'append': {
        const { text, cost } = command.note
        const usage = cost === null ? null : usageOf(cost)
        return journal.append(this.#claim(this.#chosen(command.step, this.#held), command.nonce), { text, usage })
      }
      case 'notes':
        return journal.notes(runId, this.#chosen(command.step, this.#held).id)
      case 'wake': {
        const { id } = this.#chosen(command.step, this.#waiting)
        return journal.wake({ runId, stepId: id, wake: wakeOf(command.answer) })
      }
      case 'signal':
        return journal.signal(runId, command.name, command.payload)
      case 'mirror':
        return journal.mirror(runId, this.#chosen(command.step, this.#waiting).id, command.status)
      case 'release':
        return journal.release(this.#claim(this.#chosen(command.step, this.#held), command.nonce), 'drain')
      case 'heartbeat':
        return journal.heartbeat(
          command.steps.map((one) => this.#claim(this.#chosen(one.step, this.#held), one.nonce)),
          10_000,
        )
      case 'cancel':
        return journal.cancel(runId, 'why "not"')
      case 'pause':
        return journal.pause(runId, 'a while')
      case 'resume': {
        const loaded = await journal.load(runId)
        const more = command.budget === null ? {} : { budgetNanoUsd: command.budget }
        const reopening = loaded === null ? null : planResume(this.#plan, loaded, { reason: 'again', ...more })
        return reopening === null
          ? null
          : journal.reopen({ ...reopening, recordCount: reopening.recordCount + command.off })
      }
      case 'restore':
        return this.#restore(command)
      case 'erase':
        return this.#erase(command.off)
      default:
        return command satisfies never
    }
  }

  /** Only a step of a run begins a child run. */
  async #hasParent(): Promise<boolean> {
    const parentId = this.runId.slice(0, Math.max(0, this.runId.lastIndexOf('.')))
    return parentId === '' || (await this.#journal.header(parentId)) !== null
  }

  /** With what is below it, or a run that is started anew under its name would have children of another one. */
  async #erase(off: number): Promise<unknown> {
    const below = RUN_IDS.filter((id) => id.startsWith(`${this.runId}.`)).toReversed()
    const replies: unknown[] = []
    for (const id of [...below, this.runId]) {
      const loaded = await this.#journal.load(id)
      replies.push(await this.#journal.erase(id, (loaded?.records.length ?? 0) + (id === this.runId ? off : 0)))
    }
    return replies
  }

  /** As it is: what is known of claims, leases and bells is lost, nothing else. */
  async #restore({ off, isErased, again }: Extract<OfRun, { readonly do: 'restore' }>): Promise<unknown> {
    const loaded = await this.#journal.load(this.runId)
    if (loaded === null) return null
    const { header, records } = loaded
    if (isErased) await this.#journal.erase(this.runId, records.length)
    const start = restartCommand(this.#plan, header)
    const command = { start, records, replaces: isErased ? null : records.length + off }
    const reply = await this.#journal.restore(command, this.#plan)
    return again ? [reply, await this.#journal.restore(command, this.#plan)] : reply
  }

  async #settle(command: Extract<OfRun, { readonly do: 'settle' }>): Promise<unknown> {
    const place = this.#chosen(command.step, this.#held)
    const settlement = settlementOf(place, command)
    const outcome = outcomeOf(place, settlement)
    const edges = outcome === null ? [] : this.#edges(place, outcome)
    const next = command.goOn && outcome !== null ? this.#next(edges) : null
    const once = { claim: this.#claim(place, command.nonce), rank: place.index, settlement, edges, next }
    const reply = await this.#journal.settle(once)
    if (settlement.kind === 'wait') this.#waiting.add(place.id)
    if (outcome !== null) this.#held.delete(place.id)
    if (reply.outcome === 'settled' && reply.next !== null) this.#held.set(reply.next.claim.stepId, reply.next.claim)
    return command.again ? [reply, await this.#journal.settle(once)] : reply
  }

  #start(): StartRun {
    const { runId } = this
    const parentId = runId.slice(0, Math.max(0, runId.lastIndexOf('.')))
    const [n, priority] = runId === 'next' ? [2, 1] : [1, 0]
    if (parentId === '') return startCommand(this.#plan, { runId, input: { n }, priority })
    const stepId = parentId === RUN_IDS[0] ? this.#parentStep : 'k'
    return startCommand(this.#plan, { runId, parent: { runId: parentId, stepId, rootRunId: RUN_IDS[0] } })
  }

  #edges({ node }: Place, outcome: Outcome): readonly Edge[] {
    return node === null ? [] : edgesOf(this.#plan, node, outcome)
  }

  #chosen({ index, isSensible }: Choice, sensible: Iterable<string> | ReadonlyMap<string, unknown>): Place {
    const ids = sensible instanceof Map ? [...sensible.keys()] : [...(sensible as Iterable<string>)]
    const id = isSensible ? ids[index % ids.length] : undefined
    if (id === undefined) return this.#place(index)
    const node = this.#plan.byId.get(id)
    return node === undefined ? this.#cleanup() : { id, index: node.index, node }
  }

  /** The cleanup step comes behind the others. */
  #place(index: number): Place {
    const { nodes, cleanup } = this.#plan
    const node = nodes[index % (nodes.length + (cleanup === null ? 0 : 1))]
    return node === undefined ? this.#cleanup() : { id: node.id, index: node.index, node }
  }

  #cleanup(): Place {
    return { id: CLEANUP_STEP, index: this.#plan.nodes.length, node: null }
  }

  #claim({ id }: Place, nonce: number): Claim {
    const held = this.#held.get(id)
    return nonce === 0 && held !== undefined
      ? held
      : { runId: this.runId, stepId: id, epoch: 1, nonce: `other${nonce}` }
  }

  #next(edges: readonly Edge[]): NextClaim {
    const candidates = edges.slice(0, 3).map(({ to }) => ({ stepId: to.stepId, reads: [this.#place(0).id] }))
    return { nonce: `next${(this.#nonces += 1)}`, worker: 'w', leaseMs: 10_000, candidates }
  }
}

function nameOf(obligation: Obligation): string {
  return `${obligation.runId} ${'stepId' in obligation ? obligation.stepId : ''} ${obligation.kind}`
}

function usageOf(cost: number): Settlement['usage'] {
  const isFree = cost === 0
  return { durationMs: 1.5, tokens: isFree ? 0 : 7, costNanoUsd: cost, model: null, provider: isFree ? null : 'p' }
}

function settlementOf(place: Place, { how, cost }: Extract<OfRun, { do: 'settle' }>): Settlement {
  const usage = usageOf(cost)
  const error = { code: 'step/threw', message: `${place.id} "fails"`, place: null, help: null }
  switch (how.kind) {
    case 'success':
      return { kind: 'success', output: JSON.stringify(targetOf(place) ?? { ü: '\0' }), usage }
    case 'retry':
      return { kind: 'retry', status: 'failed', error, usage, delayMs: 900 }
    case 'skipped':
      return { kind: 'skipped', cause: 3, usage }
    case 'failed':
    case 'timeout':
      return { kind: how.kind, error, usage, ...(how.hasOutput ? { output: '{"left":"ü"}' } : {}) }
    case 'wait':
      return { kind: 'wait', wait: waitOf(how), usage }
    default:
      return how satisfies never
  }
}

function waitOf(how: Extract<How, { readonly kind: 'wait' }>): Wait {
  const ms = how.ms < 0 ? null : how.ms
  switch (how.for) {
    case 'gate':
      return { kind: 'gate', timeoutMs: ms }
    case 'timer':
      return { kind: 'timer', delayMs: ms ?? 5_000 }
    case 'signal':
      return { kind: 'signal', name: SIGNALS[how.which % SIGNALS.length] ?? 'x', timeoutMs: ms }
    case 'child':
      return { kind: 'child', runId: RUN_IDS[how.which] ?? 'nobody' }
    case 'parked':
      return { kind: 'parked', reason: 'no-secret', message: 'KEY is "not" there', checkMs: ms }
    default:
      return how.for satisfies never
  }
}

function wakeOf(answer: Answer): Parameters<Journal['wake']>[0]['wake'] {
  return answer.kind !== 'child-ended'
    ? answer
    : { kind: 'child-ended', runId: RUN_IDS[answer.which] ?? 'nobody', status: answer.status }
}

function outcomeOf(place: Place, settlement: Settlement): Outcome | null {
  switch (settlement.kind) {
    case 'success':
      return { kind: 'success', target: targetOf(place) }
    case 'failed':
    case 'timeout':
      return { kind: 'failed' }
    case 'skipped':
      return { kind: 'skipped', cause: settlement.cause }
    case 'retry':
    case 'wait':
      return null
    default:
      return settlement satisfies never
  }
}

function targetOf({ node }: Place): string | null {
  return node !== null && node.step.type === 'router' ? node.step.defaultTarget : null
}
