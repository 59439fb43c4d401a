import { agentloomBullmq } from './agentloom-bullmq.ts'
import { agentloomEmbedded, embeddedCheckpoints } from './agentloom-embedded.ts'
import { bareLoop } from './bare-loop.ts'
import { flowProducer } from './flow-producer.ts'
import { jobPerStep } from './job-per-step.ts'
import type { LoadKind } from './load.ts'

/** In the order of the table, which is also that in which a repeat goes through them. */
export const LOADS: readonly LoadKind[] = [bareLoop, jobPerStep, flowProducer, agentloomBullmq, agentloomEmbedded]

/** Measured when asked for by name: its files take minutes to write. */
export const MORE_LOADS: readonly LoadKind[] = [embeddedCheckpoints]

/** All of the table, or those named. @throws {Error} for a name that no load has */
export function loadsNamed(keys: readonly string[]): readonly LoadKind[] {
  if (keys.length === 0) return LOADS
  const all = [...LOADS, ...MORE_LOADS]
  return keys.map((key) => {
    const found = all.find((load) => load.key === key)
    if (found === undefined) throw new Error(`no row is named ${key}: give ${all.map((load) => load.key).join(', ')}`)
    return found
  })
}
