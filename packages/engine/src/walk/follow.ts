import type { Plan } from '@agentloom/workflow'
import { isOver } from '../journal/run-state.ts'
import type { Journal, Obligation, Offer, RunStatus, SettleReply, UndecidedStep } from '../ports/journal.ts'
import type { Doorbell, Observer, Plans } from '../ports/runtime.ts'
import { foldSteps } from '../fold/step-fold.ts'
import { skipMessage } from '../schedule/cause.ts'
import { outcomeOf } from '../schedule/standing.ts'
import { decide, edgesOf, nodeOf } from '../schedule/verdicts.ts'

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

/** Does what a journal's answer leaves to be done: rings for ready steps, decides the undecided, tells of ends. */
export class Follower {
  readonly #parts: FollowerParts

  constructor(parts: FollowerParts) {
    this.#parts = parts
  }

  async follow(label: Label, runId: string, reply: Exclude<SettleReply, { outcome: 'stale' }>): Promise<void> {
    // In a chain there is nothing to do after most commits, and an await of nothing costs as much as a commit in memory.
    if (reply.offers.length > 0) await this.ring(label, reply.offers)
    if (reply.undecided.length > 0) await this.decide(label, reply.undecided)
    if (isOver(reply.runStatus)) this.ended(runId, reply.runStatus)
  }

  async ring({ plan, priority }: Label, offers: readonly Offer[]): Promise<void> {
    if (offers.length === 0) return
    const { name: workflow, hash: definition } = plan
    await this.#parts.doorbell.ring(
      offers.map(({ runId, stepId, epoch }) => ({ runId, stepId, epoch, workflow, definition, priority })),
    )
  }

  /** Decides steps until none is left undecided: a skip may bring on the next ones. */
  async decide(label: Label, undecided: readonly UndecidedStep[]): Promise<void> {
    const open = [...undecided]
    for (let step = open.pop(); step !== undefined; step = open.pop()) {
      const decision = decide(label.plan, step.verdicts)
      if (decision.run) await this.ring(label, [step])
      else open.push(...(await this.#skip(label, step, decision.cause)))
    }
  }

  /** What the sweeper found overdue. */
  async discharge(obligation: Obligation): Promise<void> {
    if (obligation.kind === 'run-ended') return this.ended(obligation.runId, obligation.status)
    const label: Label = { plan: await this.#parts.plans.get(obligation.definition), priority: obligation.priority }
    switch (obligation.kind) {
      case 'offer':
        return this.ring(label, [obligation])
      case 'undecided':
        return this.decide(label, [obligation])
      case 'edges':
        return this.#spread(label, obligation)
      default:
        return obligation satisfies never
    }
  }

  ended(runId: string, status: RunStatus): void {
    this.#parts.observe({ kind: 'run-ended', runId, status })
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
    if (isOver(reply.runStatus)) this.ended(runId, reply.runStatus)
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
