import { z } from 'zod'

/** What the thread is started with. */
export const compactorStart = z.object({
  redis: z.string(),
  prefix: z.string(),
  /** Of the checkpoints. */
  folder: z.string(),
  /** Of the run folders. */
  workDir: z.string(),
  /** See AGENTLOOM_BLOBS. */
  blobs: z.string(),
  /** How long checkpoints of ended runs stay, milliseconds. */
  retentionMs: z.number().nullable(),
  /** How long a run waits for somebody before it leaves Redis, milliseconds; null: it stays. */
  awayMs: z.number().nullable(),
})
export type CompactorStart = z.infer<typeof compactorStart>

/** What the thread tells. */
export const compactorNews = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('written'), count: z.int() }),
  /** The run is left out: what it has in Redis is no run of ours, or of a later version. */
  z.object({ kind: z.literal('given-up'), runId: z.string(), message: z.string() }),
  /** Disk or Redis: it is tried again. */
  z.object({ kind: z.literal('trouble'), message: z.string() }),
])
export type CompactorNews = z.infer<typeof compactorNews>

/** Asks the thread to end after the files in hand. */
export const STOP = 'stop'
