import { z } from 'zod'
import { JOB_VERSION, problemOf, type ParsedJob } from './step-job.ts'

/** Name of the jobs with which any service, in any language, starts a run: on the queue `agentloom-runs`. */
export const START_RUN = 'start-run'

/** Strict: a misspelt `priority` must not start a run without one. */
const startJob = z.strictObject({
  v: z.literal(JOB_VERSION).optional(),
  workflow: z.string().min(1).max(256),
  /** Laid over the workflow's initial state key by key. */
  input: z.record(z.string(), z.unknown()).optional(),
  /** The same id again gives the same run. Default: made from the job's own id. */
  id: z.string().optional(),
  tenant: z.string().nullish(),
  priority: z.number().optional(),
  tags: z.array(z.string()).optional(),
})

export type StartJob = z.infer<typeof startJob>

export function parseStartJob(name: string, data: unknown): ParsedJob<StartJob> {
  if (name !== START_RUN) return { kind: 'malformed', problem: `jobs on this queue are named ${START_RUN}` }
  const parsed = startJob.safeParse(data)
  return parsed.success ? { kind: 'job', job: parsed.data } : { kind: 'malformed', problem: problemOf(parsed.error) }
}
