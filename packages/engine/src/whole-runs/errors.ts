import { AgentloomError, nearest, type Plan } from '@agentloom/workflow'
import type { MigrationProblem } from './migrate.ts'

/** A run cannot be forked like this; nothing has been written. */
export class ForkError extends AgentloomError {
  override readonly name = 'ForkError'
  readonly code: 'fork/step' | 'fork/state' | 'fork/id'
  readonly retryable = false
  override readonly place: string
  override readonly help: string | null

  private constructor(code: ForkError['code'], place: string, message: string, help: string | null) {
    super(message)
    this.code = code
    this.place = place
    this.help = help
  }

  static noStep(stepId: string, plan: Plan): ForkError {
    const ids = plan.nodes.map(({ id }) => id)
    const similar = nearest(stepId, ids)
    const help = similar === null ? `it has: ${ids.slice(0, IDS_SHOWN).join(', ')}` : `did you mean ${similar}?`
    return new ForkError('fork/step', `step ${stepId}`, `the workflow has no step ${stepId}`, help)
  }

  static writtenInParts(key: string, stepId: string): ForkError {
    const help = `fork from ${stepId} or a step before it, or change what ${stepId} does`
    return new ForkError('fork/state', `state.${key}`, `step ${stepId} has written a part of the key ${key}`, help)
  }

  static taken(runId: string): ForkError {
    return new ForkError('fork/id', `run ${runId}`, `run ${runId} exists already`, 'choose another id, or leave it out')
  }
}

const IDS_SHOWN = 20

/** A run cannot follow another definition; nothing has been changed. `problems` says why, all of it. */
export class MigrationRefusedError extends AgentloomError {
  override readonly name = 'MigrationRefusedError'
  readonly code = 'migrate/refused'
  readonly retryable = false
  override readonly place: string
  override readonly help =
    'change the file so that what is done stays as it was done, or fork the run from the first step that differs'
  readonly problems: readonly MigrationProblem[]

  constructor(runId: string, problems: readonly MigrationProblem[]) {
    super(`run ${runId} cannot be moved: ${problems.map(({ message }) => message).join('; ')}`)
    this.place = `run ${runId}`
    this.problems = problems
  }
}
