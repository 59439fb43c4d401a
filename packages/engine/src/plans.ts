import { AgentloomError, compileWorkflow, parseDefinition, type Plan } from '@agentloom/workflow'
import type { Plans } from './ports/runtime.ts'

/** Plans that a process keeps compiled; a plan of ten steps is a few kilobytes, and fleets run dozens of workflows. */
const PLANS_MAX = 256

/** A run names a definition that its journal does not hold. */
export class NoDefinitionError extends AgentloomError {
  override readonly name = 'NoDefinitionError'
  readonly code = 'run/no-definition'
  readonly retryable = true
  override readonly help = 'the journal lost it: restore it, or start the run again'
  constructor(hash: string) {
    super(`the journal has no definition ${hash}`)
  }
}

export interface PlansOptions {
  /** What this process hides beside what each workflow names (`AGENTLOOM_REDACT_STATE_KEYS`). */
  readonly redact?: readonly string[]
}

/** Plans by hash, compiled once and kept while they are among the last used. */
export function createPlans(
  textOf: (hash: string) => Promise<string | null>,
  { redact = [] }: PlansOptions = {},
): Plans & { add(plan: Plan): void } {
  const kept = new Map<string, Promise<Plan>>()
  const keep = (hash: string, plan: Promise<Plan>): Promise<Plan> => {
    kept.delete(hash)
    kept.set(hash, plan)
    const oldest = kept.keys().next().value
    if (kept.size > PLANS_MAX && oldest !== undefined) kept.delete(oldest)
    return plan
  }
  const compile = async (hash: string): Promise<Plan> => {
    const text = await textOf(hash)
    if (text === null) throw new NoDefinitionError(hash)
    return compileWorkflow(parseDefinition(text), { redact }).plan
  }
  return {
    add: (plan) =>
      void keep(plan.hash, Promise.resolve({ ...plan, redact: [...new Set([...plan.redact, ...redact])] })),
    get(hash) {
      const found = kept.get(hash)
      if (found !== undefined) return found
      const plan = compile(hash)
      plan.catch(() => kept.delete(hash))
      return keep(hash, plan)
    },
  }
}
