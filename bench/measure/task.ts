import { z } from 'zod'

const sizes = z.object({
  repeats: z.number(),
  chain: z.number(),
  runsAtOnce: z.number(),
  warmUpMs: z.number(),
  loneMs: z.number(),
  atOnceMs: z.number(),
  long: z.tuple([z.number(), z.number()]).readonly(),
  longRuns: z.number(),
  lookUpMs: z.number(),
})

/** What a measured process is told. */
export const taskSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('chain'), load: z.string(), redis: z.string(), folder: z.string(), sizes }),
  z.object({ kind: z.literal('look-ups'), roundMs: z.number() }),
  z.object({ kind: z.literal('language'), roundMs: z.number() }),
])
export type Task = z.infer<typeof taskSchema>
