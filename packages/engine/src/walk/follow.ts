import type { Plan } from '@agentloom/workflow'
import { isChildRun } from '../execute/child-run-id.ts'
import { isOver } from '../journal/run-state.ts'
import type {
  Journal,
  Obligation,
  Offer,
  ParentStep,
  RunLabel,
  RunStatus,
  SettleReply,
  UndecidedStep,
  WakeStep,
} from '../ports/journal.ts'
import type { Quarantined } from '../ports/takeover.ts'
import type { Bell, Doorbell, Observer, Plans } from '../ports/runtime.ts'
import { foldSteps } from '../fold/step-fold.ts'
import { skipMessage } from '../schedule/cause.ts'
import { outcomeOf } from '../schedule/standing.ts'
import { decide, edgesOf, nodeOf } from '../schedule/verdicts.ts'
import { bellOf } from './bell.ts'
import { stepNode } from './cleanup-node.ts'

export interface FollowerParts {
  readonly journal: Journal
  readonly doorbell: Doorbell
  readonly plans: Plans
  readonly observe: Observer
}

interface Label {
  readonly plan: Plan
  readonly priority: number
}

/** A run's label where its whole header is at hand. */
interface KnownRun extends Label {
  readonly createdAtMs: number
}

/** Does what a journal's answer leaves to be done: rings for ready steps, decides the undecided, tells of ends. */
export class Follower {
  readonly #parts: FollowerParts

  constructor(parts: FollowerParts) {
    this.#parts = parts
  }

  async follow(
    label: Label | KnownRun,
    runId: string,
    reply: Exclude<SettleReply, { outcome: 'stale' }>,
  ): Promise<void> {
    // In a chain there is nothing to do after most commits, and an await of nothing costs as much as a commit in memory.
    if (reply.offers.length > 0) await this.ring(label, reply.offers)
    if (reply.undecided.length > 0) await this.decide(label, reply.undecided)
    if (reply.runStatus !== 'running') await this.#standing(runId, reply.runStatus, label)
  }

  /** @param own what an offer without a label goes by */
  async ring(own: Label | null, offers: readonly Offer[]): Promise<void> {
    if (offers.length === 0) return
    const bells: Bell[] = []
    for (const { label, ...offer } of offers) {
      if (label === undefined) {
        if (own !== null) bells.push(bellOf(own.plan, offer, own.priority))
      } else bells.push(bellOf(await this.#parts.plans.get(label.definition), offer, label.priority))
    }
    await this.#parts.doorbell.ring(bells)
  }

  /** Decides steps until none is left undecided: a skip may bring on the next ones. */
  async decide(label: Label, undecided: readonly UndecidedStep[]): Promise<void> {
    const open = [...undecided]
    for (let step = open.pop(); step !== undefined; step = open.pop()) {
      const decision = decide(label.plan, step.verdicts, stepNode(label.plan, step.stepId)?.step.join)
      if (decision.run) await this.ring(label, [step])
      else open.push(...(await this.#skip(label, step, decision.cause)))
    }
  }

  /** What the sweeper found overdue. */
  async discharge(obligation: Obligation): Promise<void> {
    if (obligation.kind === 'run-ended') return this.ended(obligation.runId, obligation.status)
    if (obligation.kind === 'slot') return this.ring(null, obligation.offers)
    const label: Label = { plan: await this.#parts.plans.get(obligation.definition), priority: obligation.priority }
    switch (obligation.kind) {
      case 'offer':
        await this.ring(label, [obligation])
        return isChildRun(obligation.runId) ? this.tellParent(obligation.runId) : undefined // it may have waited
      case 'child':
        return this.#lookAfter(obligation)
      case 'undecided':
        return this.decide(label, [obligation])
      case 'edges':
        return this.#spread(label, obligation)
      case 'quarantined':
        return this.#quarantined(label, obligation)
      default:
        return obligation satisfies never
    }
  }

  async #quarantined(label: Label, { runId, stepId, offers, runStatus }: Quarantined): Promise<void> {
    this.#parts.observe({ kind: 'step-quarantined', runId, stepId })
    await this.ring(label, offers)
    await this.#standing(runId, runStatus)
  }

  /** The run is over. Where it is a child run, the step that waits for it is woken. */
  async ended(runId: string, status: RunStatus, label: Label | KnownRun | null = null): Promise<void> {
    const createdAtMs = label !== null && 'createdAtMs' in label ? label.createdAtMs : null
    this.#parts.observe({ kind: 'run-ended', runId, status, workflow: label?.plan.name ?? null, createdAtMs })
    if (isChildRun(runId)) await this.tellParent(runId)
  }

  /** A run that waited goes on, or one that went on waits: whoever waits for it is shown likewise, up to the top. */
  async tellParent(runId: string): Promise<void> {
    const { journal } = this.#parts
    const header = await journal.header(runId)
    if (header?.parent == null) return
    const { parent, status } = header
    if (isOver(status)) return this.#wakeParent(parent, { kind: 'child-ended', runId, status })
    const mirrored = await journal.mirror(parent.runId, parent.stepId, status)
    if (!mirrored.isDone || mirrored.status === null) return
    if (mirrored.status === 'running') await this.tellParent(parent.runId)
    else await this.#standing(parent.runId, mirrored.status)
  }

  async #wakeParent({ runId, stepId }: ParentStep, wake: WakeStep['wake']): Promise<void> {
    const reply = await this.#parts.journal.wake({ runId, stepId, wake })
    if (reply.outcome === 'woken') await this.woken(runId, reply)
  }

  /** Rings for what a wake or a signal made ready. */
  async woken(
    runId: string,
    { offers, label }: { readonly offers: readonly Offer[]; readonly label: RunLabel },
  ): Promise<void> {
    await this.ring({ plan: await this.#parts.plans.get(label.definition), priority: label.priority }, offers)
    if (isChildRun(runId)) await this.tellParent(runId)
  }

  /** The run was parked by a command that cannot tell so itself. */
  rested(runId: string, status: 'paused' | 'parked'): Promise<void> {
    return this.#standing(runId, status)
  }

  async #standing(runId: string, status: RunStatus, label: Label | KnownRun | null = null): Promise<void> {
    if (isOver(status)) return this.ended(runId, status, label)
    if (status !== 'paused' && status !== 'parked') return
    this.#parts.observe({ kind: 'run-rested', runId, status })
    if (isChildRun(runId)) await this.tellParent(runId)
  }

  /** The news of a child run may have been lost with whoever brought it. A child that is not there is started again. */
  async #lookAfter({ runId, stepId, childRunId }: Extract<Obligation, { readonly kind: 'child' }>): Promise<void> {
    if ((await this.#parts.journal.header(childRunId)) !== null) return this.tellParent(childRunId)
    await this.#wakeParent(
      { runId, stepId, rootRunId: runId },
      { kind: 'child-ended', runId: childRunId, status: 'cancelled' },
    )
  }

  async #skip({ plan, priority }: Label, step: UndecidedStep, cause: number): Promise<readonly UndecidedStep[]> {
    const { journal, observe } = this.#parts
    const { runId, stepId, epoch } = step
    const node = nodeOf(plan, stepId)
    const edges = edgesOf(plan, node, { kind: 'skipped', cause })
    const reply = await journal.skip({ offer: { runId, stepId, epoch }, rank: node.index, cause, edges, next: null })
    if (reply.outcome === 'stale') return []
    observe({ kind: 'step-skipped', runId, stepId, reason: skipMessage(plan, cause) })
    await this.ring({ plan, priority }, reply.offers)
    if (reply.runStatus !== 'running') await this.#standing(runId, reply.runStatus)
    return reply.undecided
  }

  async #spread(label: Label, { runId, stepId }: { readonly runId: string; readonly stepId: string }): Promise<void> {
    const loaded = await this.#parts.journal.load(runId)
    if (loaded === null) return
    const node = nodeOf(label.plan, stepId)
    const outcome = outcomeOf(node, foldSteps(runId, loaded.records).get(stepId))
    if (outcome === null) return
    const reply = await this.#parts.journal.spread({ runId, stepId, edges: edgesOf(label.plan, node, outcome) })
    if (reply.outcome === 'settled') await this.follow(label, runId, reply)
  }
}
