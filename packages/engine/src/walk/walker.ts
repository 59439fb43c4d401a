import type { Plan, PlanNode, ValueMap } from '@agentloom/workflow'
import { runAttempt, type Attempt, type Executors } from '../execute/attempt.ts'
import { endOrphan } from '../execute/subworkflow.ts'
import { parseInput } from '../fold/run-view.ts'
import { stateBehindGate } from '../fold/compat.ts'
import { redactError, redactOutputText } from '../fold/redact-view.ts'
import { stateSeenBy, type Left } from '../fold/state.ts'
import type {
  Claim,
  ClaimStep,
  ClaimedStep,
  Edge,
  Journal,
  NextClaim,
  Offer,
  RunHeader,
  Settlement,
  StepOutput,
} from '../ports/journal.ts'
import type { Plans } from '../ports/runtime.ts'
import { poolOf } from '../schedule/pools.ts'
import { settledOutcome } from '../schedule/settled-outcome.ts'
import { decide, edgesOf, nodeAt, nodeOf } from '../schedule/verdicts.ts'
import { mayBeRefused, refusalOf } from './admission.ts'
import type { Claims } from './claims.ts'
import { onBehalfOf } from './behalf.ts'
import { stepNode } from './cleanup-node.ts'
import type { Follower } from './follow.ts'
import type { Held } from './held.ts'
import { originOf } from './step-origin.ts'

/**
 * Serves bells: claims the step, executes it, settles it, and goes on with a step that this made ready, up to a quota;
 * for the rest it rings. All that it knows of a run it learns from the journal's answers, so any process can serve any bell.
 */
export interface WalkerParts {
  readonly journal: Journal
  readonly plans: Plans
  readonly executors: Executors
  readonly claims: Claims
  readonly follower: Follower
  /** Name of this process in the journal. */
  readonly worker: string
  /** Unique each time: fences a claim from every other. */
  readonly nonce: () => string
  /** Whether this process executes steps of a pool; default: of all. */
  readonly serves?: (pool: string) => boolean
  /** Steps that one bell may lead to before the walk gives its place to others. */
  readonly stepsMax: () => number
}

/** How many successors a commit offers to go on with; for each it sends the names of what the step reads. */
const CANDIDATES_MAX = 4

/** Turns of others that one bell may be used for: each refused, as its run is at its own cap. */
const TURNS_MAX = 16

/** `no-handler`: this process lacks the step's function; the step waits for one that has it. */
export type ServeResult = 'walked' | 'refused' | 'no-handler'

/** Shorter than the time after which the step is offered to others. */
const SUSPECT_WAIT_MS = 3_000

interface Claimed {
  readonly header: RunHeader
  readonly step: ClaimedStep
}

export interface Served {
  readonly result: ServeResult
  /** Whose turn it is instead. */
  readonly instead?: Offer
}

type Instead = Pick<Served, 'instead'>

interface Walk {
  readonly plan: Plan
  readonly header: RunHeader
  readonly input: ValueMap
  /** Outputs that this walk has fetched or made, by step id; null for a step that left none. */
  readonly outputs: Map<string, StepOutput | null>
}

export class Walker {
  readonly #parts: WalkerParts

  constructor(parts: WalkerParts) {
    this.#parts = parts
  }

  /**
   * @param isRushed somebody wants the step now, though it is in back-off
   * @throws only what journal, doorbell and plans throw; the step is then due again, whatever had happened
   */
  async serve(offer: Offer, definition: string | null, isRushed = false): Promise<ServeResult> {
    let [next, hash]: [Offer | null, string | null] = [offer, definition]
    for (let turns = 0; next !== null && turns < TURNS_MAX; turns += 1) {
      const served: Served = await this.serveOne(next, hash, isRushed && turns === 0)
      if (served.result !== 'refused') return served.result
      ;[next, hash] = [served.instead ?? null, served.instead?.label?.definition ?? null]
    }
    return 'refused'
  }

  /** As `serve`, and whose turn it is instead is the caller's. */
  async serveOne(offer: Offer, definition: string | null, isRushed = false): Promise<Served> {
    const { journal, plans } = this.#parts
    const hash = definition ?? (await journal.header(offer.runId))?.definition
    if (hash === undefined) return { result: 'refused' }
    const plan = await plans.get(hash)
    const node = stepNode(plan, offer.stepId)
    if (node === undefined) return { result: 'refused' }
    if (!this.#canExecute(node, offer.runId)) return { result: 'no-handler' }
    const claimed = await this.#claim(plan, node, offer, { isRushed })
    if (claimed === 'suspect') return this.#serveAlone(plan, node, offer)
    return this.#served(plan, node, claimed)
  }

  /** Workers have died with this step. Should it happen again, it happened while no other such step was at work here. */
  async #serveAlone(plan: Plan, node: PlanNode, offer: Offer): Promise<Served> {
    const { suspects } = this.#parts.claims
    if (!suspects.take() && !(await suspects.wait(SUSPECT_WAIT_MS))) return { result: 'refused' } // it is offered again
    try {
      const claimed = await this.#claim(plan, node, offer, { acceptsSuspect: true })
      return claimed === 'suspect' ? { result: 'refused' } : await this.#served(plan, node, claimed)
    } finally {
      suspects.leave()
    }
  }

  async #claim(
    plan: Plan,
    node: PlanNode,
    offer: Offer,
    options: Pick<ClaimStep, 'acceptsSuspect' | 'isRushed'> & { readonly isDecided?: boolean } = {},
  ): Promise<Claimed | 'suspect' | Instead> {
    const { journal, claims, follower, worker, nonce } = this.#parts
    const reads = node.reads.map((index) => nodeAt(plan, index).id)
    const { leaseMs } = claims
    const reply = await journal.claim({ isDecided: false, ...options, offer, nonce: nonce(), worker, leaseMs, reads })
    switch (reply.outcome) {
      case 'claimed':
        if (reply.offers.length > 0) await follower.ring({ plan, priority: reply.header.priority }, reply.offers)
        if (reply.header.definition !== plan.hash) return this.#giveBack(reply.header, reply.claim)
        return { header: reply.header, step: reply }
      case 'undecided': {
        const header = await journal.header(offer.runId)
        if (header?.definition !== plan.hash) return {} // a bell of before the run was migrated; another has been rung since
        if (decide(plan, reply.step.verdicts, node.step.join).run)
          return this.#claim(plan, node, reply.step, { ...options, isDecided: true })
        await follower.decide({ plan, priority: header.priority }, [reply.step])
        return {}
      }
      case 'refused':
        if (reply.reason === 'suspect') return 'suspect'
        if (reply.reason === 'awaiting_budget') await follower.rested(offer.runId, 'parked')
        if (reply.reason === 'budget') await follower.ended(offer.runId, 'budget_exceeded', { plan, priority: 0 })
        return reply.instead === undefined ? {} : { instead: reply.instead }
      default:
        return reply satisfies never
    }
  }

  async #served(plan: Plan, node: PlanNode, claimed: Claimed | Instead): Promise<Served> {
    if (!('step' in claimed)) return { result: 'refused', ...claimed }
    const { header, step } = claimed
    await this.#walk({ plan, header, input: parseInput(header.input), outputs: new Map() }, node, step)
    return { result: 'walked' }
  }

  /** The bell is of before the run was migrated: what it says of the step holds no more. */
  async #giveBack({ definition, priority }: RunHeader, claim: Claim): Promise<Instead> {
    const { journal, plans, follower } = this.#parts
    const offers = await journal.release(claim, 'migrated')
    await follower.ring({ plan: await plans.get(definition), priority }, offers)
    return {}
  }

  async #walk(walk: Walk, first: PlanNode, claimed: ClaimedStep): Promise<void> {
    let node = first
    let step: ClaimedStep | null = claimed
    for (let count = 1; step !== null; count += 1) {
      remember(walk, node, step)
      step = await this.#step(walk, node, step, count)
      if (step !== null) node = nodeOf(walk.plan, step.claim.stepId)
    }
  }

  /** Executes one step and settles it; answers the next one that the same command claimed. */
  async #step(walk: Walk, node: PlanNode, step: ClaimedStep, count: number): Promise<ClaimedStep | null> {
    const { claims, executors } = this.#parts
    const { runId } = walk.header
    const held = claims.hold(step.claim)
    try {
      executors.observe({
        kind: 'step-started',
        runId,
        stepId: node.id,
        epoch: step.claim.epoch,
        attempt: step.attempt,
      })
      const attempt = this.#attemptOf(walk, node, step, held)
      const refusal = mayBeRefused(attempt) ? await refusalOf(this.#parts, attempt) : null
      const settlement = refusal ?? (await runAttempt(executors, attempt))
      if (settlement === null) return await this.#giveUp(walk, held)
      const isLast = count >= this.#parts.stepsMax() // asked now: the worker may have begun to drain meanwhile
      return await this.#settle(walk, node, step.claim, settlement, isLast)
    } finally {
      claims.letGo(held)
    }
  }

  async #settle(
    walk: Walk,
    node: PlanNode,
    claim: Claim,
    settlement: Settlement,
    isLast: boolean,
  ): Promise<ClaimedStep | null> {
    const { journal, executors, follower } = this.#parts
    const { plan, header } = walk
    const outcome = settledOutcome(node, settlement)
    const edges = outcome === null ? [] : edgesOf(plan, node, outcome)
    if (settlement.kind === 'success') walk.outputs.set(node.id, { status: 'success', text: settlement.output })
    const next = isLast ? null : this.#nextClaim(walk, edges)
    const reply = await journal.settle({ claim, rank: node.index, settlement, edges, next })
    if (reply.outcome === 'stale') {
      executors.observe({ kind: 'step-lost', runId: header.runId, stepId: node.id })
      if (settlement.kind === 'wait' && settlement.wait.kind === 'child')
        await endOrphan(journal, header.runId, settlement.wait.runId)
      return null
    }
    this.#observeSettled(walk, node, settlement)
    await follower.follow({ plan, priority: header.priority, createdAtMs: header.createdAtMs }, header.runId, reply)
    return reply.next
  }

  #nextClaim(walk: Walk, edges: readonly Edge[]): NextClaim | null {
    const { claims, worker, nonce } = this.#parts
    const candidates: NextClaim['candidates'][number][] = []
    for (const { to } of edges) {
      if (candidates.length === CANDIDATES_MAX) break
      const target = nodeOf(walk.plan, to.stepId)
      if (this.#serves(walk.plan, target) && this.#canExecute(target, walk.header.runId))
        candidates.push({ stepId: target.id, reads: missingReads(walk, target) })
    }
    return candidates.length === 0 ? null : { nonce: nonce(), worker, leaseMs: claims.leaseMs, candidates }
  }

  /** The step was taken away or is to be handed back; whoever takes it next repeats what it did so far. */
  async #giveUp(walk: Walk, held: Held): Promise<null> {
    const { journal, executors, follower } = this.#parts
    const { plan, header } = walk
    if (held.outage !== null) throw held.outage // its lease runs out, and it is offered again
    if (held.reason === 'drain' || held.reason === 'pause') {
      await follower.ring({ plan, priority: header.priority }, await journal.release(held.claim, held.reason))
    } else executors.observe({ kind: 'step-lost', runId: header.runId, stepId: held.claim.stepId })
    return null
  }

  #attemptOf(walk: Walk, node: PlanNode, step: ClaimedStep, held: Held): Attempt {
    const { journal, plans, follower } = this.#parts
    let state: ValueMap | null = null
    return {
      plan: walk.plan,
      node,
      header: walk.header,
      number: step.attempt,
      visit: step.visit,
      wake: step.wake,
      get journal() {
        return onBehalfOf(held, journal)
      },
      plans,
      get follower() {
        return onBehalfOf(held, follower)
      },
      held,
      idempotencyKey: `${walk.header.runId}:${node.id}:${step.visit}`,
      state: () => (state ??= viewOf(walk, node)),
    }
  }

  #serves(plan: Plan, { id }: PlanNode): boolean {
    const { serves } = this.#parts
    return serves === undefined || serves(poolOf(plan, id))
  }

  #canExecute(node: PlanNode, runId: string): boolean {
    const { functions, observe } = this.#parts.executors
    const { step } = node
    if (step.type !== 'function' || functions.get(step.handler) !== null) return true
    observe({ kind: 'no-handler', runId, stepId: node.id, handler: step.handler })
    return false
  }

  #observeSettled(walk: Walk, node: PlanNode, settlement: Settlement): void {
    const { plan, header } = walk
    const [runId, stepId] = [header.runId, node.id]
    const { observe } = this.#parts.executors
    const { usage } = settlement
    const origin = originOf(plan, node)
    if (settlement.kind === 'success')
      return observe({
        kind: 'step-committed',
        runId,
        stepId,
        origin,
        output: redactOutputText(plan, node, settlement.output),
        usage,
      })
    if (settlement.kind === 'skipped') return observe({ kind: 'step-skipped', runId, stepId, reason: null })
    if (settlement.kind === 'wait')
      return observe({ kind: 'step-waiting', runId, stepId, origin, wait: settlement.wait })
    const isRetry = settlement.kind === 'retry'
    const status = isRetry ? settlement.status : settlement.kind
    const retryInMs = isRetry ? settlement.delayMs : null
    const error = redactError(plan, settlement.error, () => viewOf(walk, node))
    observe({ kind: 'step-failed', runId, stepId, origin, status, error, usage, retryInMs })
  }
}

/** The state that a step sees: rule 6 of scheduling.md. */
function viewOf(walk: Walk, node: PlanNode): ValueMap {
  const left: Left[] = []
  for (const index of node.reads) {
    const source = nodeAt(walk.plan, index)
    const output = walk.outputs.get(source.id)
    if (output != null) left.push({ node: source, status: output.status, output: output.text })
  }
  const behindGate = stateBehindGate(walk.plan, node, { input: walk.input, left })
  return behindGate ?? stateSeenBy(node, walk.plan, walk.input, left)
}

function missingReads(walk: Walk, node: PlanNode): readonly string[] {
  return node.reads.map((index) => nodeAt(walk.plan, index).id).filter((id) => !walk.outputs.has(id))
}

/** Outputs come in the order in which they were asked for: those that the walk did not have. */
function remember(walk: Walk, node: PlanNode, step: ClaimedStep): void {
  for (const [index, id] of missingReads(walk, node).entries()) walk.outputs.set(id, step.outputs[index] ?? null)
}
