import { z } from 'zod'

/** Version of the data of step jobs. */
export const JOB_VERSION = 1
/** A child run's id holds the ids of the steps above it, at most some 2,000 characters; more was not written by us. */
export const JOB_BYTES_MAX = 16_384

const bell = {
  run: z.string().regex(/^[^/:\p{Cc}]{1,2200}$/u),
  step: z.string().min(1).max(1_024),
  epoch: z.int().min(0),
}

/** Bells that one job carries at most. */
export const BELLS_MAX = 8

const stepJob = z.object({
  v: z.literal(JOB_VERSION),
  ...bell,
  /** Further steps of the same workflow, which this job rings for, too. */
  more: z
    .array(z.object(bell))
    .max(BELLS_MAX - 1)
    .optional(),
  definition: z.string().max(128).nullish(),
  /** How many workers in a row could not execute the step. */
  tries: z.int().min(1).optional(),
  /** The step failed inside of another job: this one only shows it. */
  failed: z.string().optional(),
  /** The step is in back-off until this job's delay is over: promoting it fires the step now. */
  retry: z.literal(true).optional(),
})

export type StepJob = z.infer<typeof stepJob>

export type ParsedJob<Job> =
  | { readonly kind: 'job'; readonly job: Job }
  | { readonly kind: 'malformed'; readonly problem: string }
  | { readonly kind: 'newer'; readonly version: number }

/** Data of a job on the steps' queue, written by us or by anybody. */
export function parseStepJob(data: unknown): ParsedJob<StepJob> {
  const parsed = stepJob.safeParse(data)
  if (parsed.success)
    return isTooLarge(data)
      ? { kind: 'malformed', problem: `more than ${JOB_BYTES_MAX} bytes` }
      : { kind: 'job', job: parsed.data }
  const version = z.looseObject({ v: z.int() }).safeParse(data)
  if (version.success && version.data.v > JOB_VERSION) return { kind: 'newer', version: version.data.v }
  return { kind: 'malformed', problem: problemOf(parsed.error) }
}

/** Only data with foreign fields can be larger than their own limits allow. */
function isTooLarge(data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return false
  const hasForeign = Object.keys(data).some((key) => !Object.hasOwn(stepJob.shape, key))
  return hasForeign && JSON.stringify(data).length > JOB_BYTES_MAX
}

/** Keys that a problem names are the sender's, and may be any number of any length. */
const PROBLEM_CHARACTERS_MAX = 300

export function problemOf(error: z.ZodError): string {
  const [issue] = error.issues
  return issue === undefined
    ? 'unreadable'
    : `${issue.path.join('.') || 'data'}: ${issue.message}`.slice(0, PROBLEM_CHARACTERS_MAX)
}
