import { z } from 'zod'

/** `cpuShare`: CPU time of client and Redis by the time that passed; 1 is one CPU, never idle and all theirs. */
const cost = z.object({ clientUs: z.number(), redisUs: z.number() })

/** What one process measured of one load, parsed where it comes in: the process is another one. */
export const chainSample = z.object({
  lone: z.object({ msPerRun: z.number(), cpuPerStep: cost, cpuShare: z.number(), runs: z.number() }),
  atOnce: z.object({ stepsPerSecond: z.number(), cpuPerStep: cost, cpuShare: z.number(), rounds: z.number() }),
  /** Null: longer than the load takes. */
  long: z.array(z.object({ steps: z.number(), msPerStep: z.number().nullable() })),
})
export type ChainSample = z.infer<typeof chainSample>

export const lookUpSample = z.array(z.object({ providers: z.number(), perSecond: z.number() }))
export type LookUpSample = z.infer<typeof lookUpSample>

export const languageSample = z.object({
  /** A workflow of 1,000 steps, by a process that compiles its first: from the text, and its part behind the YAML. */
  coldMs: z.number(),
  coldPlanMs: z.number(),
  /** The same, by a process that has compiled some. */
  planMs: z.number(),
  /** The same plan again, by its hash. */
  cachedMs: z.number(),
  rendersPerSecond: z.number(),
  conditionsPerSecond: z.number(),
  foreachUsPerItem: z.object({ short: z.number(), long: z.number() }),
})
export type LanguageSample = z.infer<typeof languageSample>
