import type { Plan } from '../plan/plan.ts'

/** What `validate` shows of a plan. */
export interface PlanSummary {
  readonly name: string
  readonly version: string
  readonly stepCount: number
  readonly provider: string
  readonly model: string
  /** Null without a budget. */
  readonly budgetUsd: number | null
  /** The ids of each layer, in code-point order. Layers are how a plan reads, not how it runs. */
  readonly layers: readonly (readonly string[])[]
}

export function summaryOf({ name, version, config, nodes }: Plan): PlanSummary {
  const layers: string[][] = []
  for (const { id, layer } of nodes) (layers[layer] ??= []).push(id)
  return {
    name,
    version,
    stepCount: nodes.length,
    provider: config.provider,
    model: config.model,
    budgetUsd: config.budgetNanoUsd === null ? null : config.budgetNanoUsd / 1_000_000_000,
    layers,
  }
}
