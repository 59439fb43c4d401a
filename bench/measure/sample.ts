import { z } from 'zod'

const cost = z.object({ clientUs: z.number(), redisUs: z.number() })

/** What one process measured of one load, parsed where it comes in: the process is another one. */
export const chainSample = z.object({
  lone: z.object({ msPerRun: z.number(), cpuPerStep: cost, runs: z.number() }),
  atOnce: z.object({ stepsPerSecond: z.number(), cpuPerStep: cost, rounds: z.number() }),
  /** Null: longer than the load takes. */
  long: z.array(z.object({ steps: z.number(), msPerStep: z.number().nullable() })),
})
export type ChainSample = z.infer<typeof chainSample>

export const lookUpSample = z.array(z.object({ providers: z.number(), perSecond: z.number() }))
export type LookUpSample = z.infer<typeof lookUpSample>
