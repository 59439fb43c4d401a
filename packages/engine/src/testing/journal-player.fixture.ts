import type { Plan, PlanNode } from '@agentloom/workflow'
import type {
  Claim,
  Edge,
  Journal,
  NextClaim,
  Settlement,
  StartRun,
  StepRank,
  Verdicts,
  Wait,
} from '../ports/journal.ts'
import { cleanupOf } from '../schedule/cleanup.ts'
import { planResume } from '../schedule/resume.ts'
import { decide, edgesOf, NO_VERDICTS, type Outcome } from '../schedule/verdicts.ts'
import { startCommand } from '../start.ts'
import type { How, RandomCommand, Target } from './random-commands.fixture.ts'

/** A run, a child run of its first step, and a child of that one. */
export const PLAYED_RUNS = ['run', 'run.a', 'run.a.a'] as const

const LEASE_MS = 10_000

/**
 * Plays random commands on one journal, and remembers what workers would: which steps were offered, and who holds them. Two
 * players on two journals that answer alike play alike.
 */
export class JournalPlayer {
  readonly #journal: Journal
  readonly #plan: Plan
  readonly #runs = new Map<string, Known>()
  #nonces = 0

  constructor(journal: Journal, plan: Plan) {
    this.#journal = journal
    this.#plan = plan
    for (const runId of PLAYED_RUNS)
      this.#runs.set(runId, { held: new Map(), offered: new Set(), undecided: new Map(), waiting: new Set() })
  }

  async play(command: RandomCommand): Promise<unknown> {
    const reply = await this.#play(command, this.#runFor(command))
    this.#learn(reply)
    return reply
  }

  /** The command that started a run; the cap is the plan's. */
  startOf(runId: string): StartRun {
    const depth = PLAYED_RUNS.findIndex((id) => id === runId)
    const parent = PLAYED_RUNS[depth - 1]
    const stepId = this.#node(0).id
    return startCommand(this.#plan, {
      runId,
      input: { n: 1 },
      ...(parent === undefined ? {} : { parent: { runId: parent, stepId, rootRunId: PLAYED_RUNS[0] } }),
    })
  }

  async #play(command: RandomCommand, runId: string): Promise<unknown> {
    const journal = this.#journal
    const known = this.#known(runId)
    switch (command.do) {
      case 'start':
        return journal.start(this.startOf(runId))
      case 'claim':
        return this.#claim(command, runId)
      case 'settle':
        return this.#settle(command, runId)
      case 'skip': {
        const { stepId, rank } = this.#chosen(command, known.undecided)
        const decision = decide(this.#plan, known.undecided.get(stepId) ?? NO_VERDICTS)
        const cause = decision.run ? command.cause : decision.cause
        known.undecided.delete(stepId)
        const edges = this.#edges(stepId, { kind: 'skipped', cause })
        const next = command.goOn ? this.#next(edges) : null
        return this.#remember(
          runId,
          await journal.skip({ offer: { runId, stepId, epoch: 0 }, rank, cause, edges, next }),
        )
      }
      case 'spread': {
        const { stepId } = this.#chosen(command, [])
        return journal.spread({ runId, stepId, edges: this.#edges(stepId, { kind: 'failed' }) })
      }
      case 'append': {
        const usage = command.cost === 0 ? null : usageOf(command.cost)
        return journal.append(this.#held(command, runId), { text: `{"ü":${command.text}}`, usage })
      }
      case 'notes':
        return journal.notes(runId, this.#chosen(command, known.held).stepId)
      case 'wake': {
        const { stepId } = this.#chosen(command, known.waiting)
        const child = { kind: 'child-ended', runId: childIdOf(runId), status: 'success' } as const
        const decided = { kind: 'decided', decision: command.decision, by: 'ä' } as const
        return journal.wake({ runId, stepId, wake: command.decision === 'child-ended' ? child : decided })
      }
      case 'signal':
        return journal.signal(runId, command.name, command.payload)
      case 'mirror':
        return journal.mirror(runId, this.#chosen(command, known.waiting).stepId, command.status)
      case 'release':
        return journal.release(this.#held(command, runId), 'drain')
      case 'heartbeat': {
        const claims = PLAYED_RUNS.map((id) => this.#held(command, id))
        return journal.heartbeat([...claims, this.#held({ ...command, isSensible: false }, runId)], LEASE_MS)
      }
      case 'cancel':
        return journal.cancel(runId, 'why "not"')
      case 'pause':
        return journal.pause(runId, 'a while')
      case 'resume':
        return this.#resume(command, runId)
      case 'due':
        return (await journal.due(1_000)).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      default:
        return command satisfies never
    }
  }

  async #claim(command: Extract<RandomCommand, { do: 'claim' }>, runId: string): Promise<unknown> {
    const { offered, held } = this.#known(runId)
    const { stepId } = this.#chosen(command, offered)
    offered.delete(stepId)
    const again = held.get(stepId)?.nonce
    const nonce = command.nonce === 0 || again === undefined ? `n${(this.#nonces += 1)}` : again
    const { isDecided } = command
    const reads = command.reads.map((index) => this.#node(index).id)
    const offer = { runId, stepId, epoch: 0 }
    const reply = await this.#journal.claim({ offer, nonce, worker: 'w"ä', leaseMs: LEASE_MS, reads, isDecided })
    if (reply.outcome === 'claimed') held.set(stepId, reply.claim)
    return reply
  }

  async #settle(command: Extract<RandomCommand, { do: 'settle' }>, runId: string): Promise<unknown> {
    const { held } = this.#known(runId)
    const { stepId, rank } = this.#chosen(command, held)
    const settlement = this.#settlement(stepId, runId, command)
    const outcome = outcomeOf(settlement)
    const edges = outcome === null ? [] : this.#edges(stepId, outcome)
    const claim = this.#claimOf(stepId, runId, command.nonce)
    const once = { claim, rank, settlement, edges, next: command.goOn ? this.#next(edges) : null }
    const reply = this.#remember(runId, await this.#journal.settle(once))
    if (outcome !== null) held.delete(stepId)
    if (settlement.kind === 'wait' && reply.outcome === 'settled') this.#known(runId).waiting.add(stepId)
    return command.again ? [reply, await this.#journal.settle(once)] : reply
  }

  async #resume({ off, budgetNanoUsd }: Extract<RandomCommand, { do: 'resume' }>, runId: string): Promise<unknown> {
    const loaded = await this.#journal.load(runId)
    if (loaded === null) return null
    const budget = budgetNanoUsd === null ? {} : { budgetNanoUsd }
    const reopening = planResume(this.#plan, loaded, { reason: 'again', ...budget })
    if (reopening === null) return null
    return this.#journal.reopen({ ...reopening, recordCount: reopening.recordCount + off })
  }

  /** What any reply says of steps to be claimed or decided. */
  #learn(reply: unknown): void {
    if (Array.isArray(reply)) for (const one of reply) this.#learn(one)
    if (typeof reply !== 'object' || reply === null) return
    if ('offers' in reply) this.#learn(reply.offers)
    if ('undecided' in reply) this.#learn(reply.undecided)
    if (!('runId' in reply && 'stepId' in reply && 'epoch' in reply)) return
    const known = this.#runs.get(String(reply.runId))
    const stepId = String(reply.stepId)
    if ('verdicts' in reply) known?.undecided.set(stepId, reply.verdicts as Verdicts) // of an undecided step
    else known?.offered.add(stepId)
  }

  #remember<Reply extends Awaited<ReturnType<Journal['settle']>>>(runId: string, reply: Reply): Reply {
    const next = reply.outcome === 'settled' ? reply.next : null
    if (next !== null) this.#known(runId).held.set(next.claim.stepId, next.claim)
    return reply
  }

  /** Another run where the command would be senseless for the one it names. */
  #runFor(command: RandomCommand): string {
    const named = PLAYED_RUNS[command.run] ?? PLAYED_RUNS[0]
    const of = command.isSensible ? SENSIBLE_FOR[command.do] : undefined
    const isSensible = (runId: string): boolean => of === undefined || sizeOf(this.#known(runId), of) > 0
    return isSensible(named) ? named : (PLAYED_RUNS.find(isSensible) ?? named)
  }

  #known(runId: string): Known {
    const known = this.#runs.get(runId)
    if (known === undefined) throw new Error(`run ${runId} is not played`)
    return known
  }

  #chosen({ step, isSensible }: Target, sensible: Iterable<string> | ReadonlyMap<string, unknown>): StepRank {
    const ids = sensible instanceof Map ? [...sensible.keys()] : [...(sensible as Iterable<string>)]
    const all = this.#allIds()
    const stepId = (isSensible ? ids[step % ids.length] : undefined) ?? all[step % all.length] ?? ''
    return { stepId, rank: all.indexOf(stepId) }
  }

  #allIds(): readonly string[] {
    const cleanup = cleanupOf(this.#plan)
    return [...this.#plan.nodes.map(({ id }) => id), ...(cleanup === null ? [] : [cleanup.stepId])]
  }

  #node(index: number): PlanNode {
    const node = this.#plan.nodes[index % this.#plan.nodes.length]
    if (node === undefined) throw new Error('no node')
    return node
  }

  #edges(stepId: string, outcome: Outcome): readonly Edge[] {
    const node = this.#plan.byId.get(stepId)
    return node === undefined ? [] : edgesOf(this.#plan, node, outcome)
  }

  #held(command: Target & { readonly nonce: number }, runId: string): Claim {
    return this.#claimOf(this.#chosen(command, this.#known(runId).held).stepId, runId, command.nonce)
  }

  #claimOf(stepId: string, runId: string, nonce: number): Claim {
    const held = this.#known(runId).held.get(stepId)
    return nonce === 0 && held !== undefined ? held : { runId, stepId, epoch: 1, nonce: `other${nonce}` }
  }

  #next(edges: readonly Edge[]): NextClaim {
    const candidates = edges.slice(0, 3).map(({ to }) => ({ stepId: to.stepId, reads: [this.#node(0).id] }))
    return { nonce: `next${(this.#nonces += 1)}`, worker: 'w', leaseMs: LEASE_MS, candidates }
  }

  #settlement(
    stepId: string,
    runId: string,
    { how, cost, step }: Extract<RandomCommand, { do: 'settle' }>,
  ): Settlement {
    const usage = usageOf(cost)
    const error = { code: 'step/threw', message: `${stepId} "fails"`, place: null, help: null }
    const node = this.#plan.byId.get(stepId)?.step
    switch (how) {
      case 'success':
        return {
          kind: how,
          output: node?.type === 'router' ? JSON.stringify(node.defaultTarget) : '{"ü":"\\u0000"}',
          usage,
        }
      case 'retry':
        return { kind: how, status: 'failed', error, usage, delayMs: 900 }
      case 'skipped':
        return { kind: how, cause: step % 20, usage: usageOf(0) }
      case 'failed':
      case 'timeout':
        return { kind: how, error, usage }
      case 'left':
        return { kind: 'failed', error, usage, output: '{"ä":1}' }
      default:
        return { kind: 'wait', wait: waitOf(how, runId), usage }
    }
  }
}

/** What is known of a run: by step the claim that was given last, and what was offered, is to be decided, or waits. */
interface Known {
  readonly held: Map<string, Claim>
  readonly offered: Set<string>
  readonly undecided: Map<string, Verdicts>
  readonly waiting: Set<string>
}

function sizeOf(known: Known, of: keyof Known): number {
  return known[of].size
}

const SENSIBLE_FOR: { readonly [Name in RandomCommand['do']]?: keyof Known } = {
  claim: 'offered',
  settle: 'held',
  append: 'held',
  release: 'held',
  skip: 'undecided',
  wake: 'waiting',
  mirror: 'waiting',
}

function childIdOf(runId: string): string {
  return `${runId}.a`
}

function waitOf(how: Exclude<How, Exclude<Settlement['kind'], 'wait'> | 'left'>, runId: string): Wait {
  switch (how) {
    case 'wait':
    case 'gate':
      return { kind: 'gate', timeoutMs: null }
    case 'gate-for-a-time':
      return { kind: 'gate', timeoutMs: 900 }
    case 'timer':
      return { kind: 'timer', delayMs: 5_001 }
    case 'no-wait':
      return { kind: 'timer', delayMs: 0 }
    case 'signal':
      return { kind: 'signal', name: 'go', timeoutMs: 10_000 }
    case 'child':
      return { kind: 'child', runId: childIdOf(runId) }
    case 'parked':
      return { kind: 'parked', reason: 'no-secret', message: 'ä "KEY"', checkMs: 900 }
    default:
      return how satisfies never
  }
}

function outcomeOf(settlement: Settlement): Outcome | null {
  switch (settlement.kind) {
    case 'success':
      return {
        kind: 'success',
        target: settlement.output.startsWith('"') ? String(JSON.parse(settlement.output)) : null,
      }
    case 'failed':
    case 'timeout':
      return { kind: settlement.kind }
    case 'skipped':
      return { kind: 'skipped', cause: settlement.cause }
    case 'retry':
    case 'wait':
      return null
    default:
      return settlement satisfies never
  }
}

function usageOf(costNanoUsd: number): Settlement['usage'] {
  const isFree = costNanoUsd === 0
  return { durationMs: 1.5, tokens: isFree ? 0 : 7, costNanoUsd, model: null, provider: isFree ? null : 'p' }
}
