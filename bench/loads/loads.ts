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

/** Keys of what is measured beside the rows: `--only` takes them too. */
export const PARTS = ['look-ups', 'language'] as const

/** All of the table, or those named, {@link PARTS} left out. @throws {Error} for a name that nothing has */
export function loadsNamed(keys: readonly string[]): readonly LoadKind[] {
  if (keys.length === 0) return LOADS
  const all = [...LOADS, ...MORE_LOADS]
  const parts: readonly string[] = PARTS
  return keys.flatMap((key) => {
    const found = all.find((load) => load.key === key)
    const names = [...all.map((load) => load.key), ...parts]
    if (found === undefined && !parts.includes(key))
      throw new Error(`nothing is named ${key}: give ${names.join(', ')}`)
    return found ?? []
  })
}
