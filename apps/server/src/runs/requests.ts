import { RUN_STATUSES } from '@agentloom/engine'
import { z } from 'zod'
import { HttpError, type HttpErrorCode } from '../http/errors.ts'

const RUN_ID = /^[A-Za-z0-9_-]{1,64}$/
/** A child run has a dot in its id. */
const ANY_RUN_ID = /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_.~-]{1,135})?$/
const NAME_CHARACTERS_MAX = 2_048
const DECIDED_AT_ONCE_MAX = 100
const LIST_DEFAULT = 50
const LIST_MAX = 1_000
const REASON_CHARACTERS_MAX = 500

const options = {
  input: z.record(z.string(), z.unknown()).optional(),
  id: z.string().regex(RUN_ID, 'must be 1 to 64 of A-Z, a-z, 0-9, _ and -').optional(),
  tenant: z.string().optional(),
  priority: z.number().optional(),
  tags: z.array(z.string()).optional(),
}

const startBody = z
  .strictObject({ workflow: z.string().min(1).optional(), yaml: z.string().min(1).optional(), ...options })
  .refine(
    ({ workflow, yaml }) => (workflow === undefined) !== (yaml === undefined),
    'give either workflow (a name) or yaml (a text)',
  )

const forkBody = z
  .strictObject({
    from: z.string().min(1).max(NAME_CHARACTERS_MAX),
    state: z.record(z.string(), z.unknown()).optional(),
    workflow: z.string().min(1).optional(),
    yaml: z.string().min(1).optional(),
    id: options.id,
    check: z.boolean().optional(),
  })
  .refine(({ workflow, yaml }) => workflow === undefined || yaml === undefined, 'give workflow or yaml, not both')

const cancelBody = z.strictObject({ reason: z.string().max(REASON_CHARACTERS_MAX).optional() }).nullish()

const gate = z.string().min(1).max(NAME_CHARACTERS_MAX)
const decision = z.enum(['approved', 'rejected'], "must be 'approved' or 'rejected'")
const by = z.string().min(1).max(REASON_CHARACTERS_MAX)

const decisionBody = z.strictObject({ gate: gate.optional(), decision, by: by.optional() })

const resumeBody = z
  .strictObject({
    decisions: z
      .record(gate, decision)
      .refine((found) => Object.keys(found).length <= DECIDED_AT_ONCE_MAX, `at most ${DECIDED_AT_ONCE_MAX} at once`)
      .optional(),
    budget_usd: z.number().min(0).optional(),
    by: by.optional(),
    reason: z.string().max(REASON_CHARACTERS_MAX).optional(),
  })
  .nullish()

const signalBody = z.strictObject({ name: z.string().min(1).max(NAME_CHARACTERS_MAX), payload: z.unknown().optional() })

const listQuery = z.strictObject({
  status: z
    .string('must be given once, with commas')
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(RUN_STATUSES, `must be of ${RUN_STATUSES.join(', ')}`)))
    .optional(),
  since: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-11-30T08:00:00Z' })
    .transform((text) => Date.parse(text))
    .optional(),
  workflow: z.string().min(1).optional(),
  limit: z
    .string(`must be given once`)
    .regex(/^\d{1,9}$/, `must be a whole number from 1 to ${LIST_MAX}`)
    .transform(Number)
    .pipe(z.int().min(1, 'must be 1 or more').max(LIST_MAX, `must be ${LIST_MAX} or less`))
    .default(LIST_DEFAULT),
})

export type StartBody = z.output<typeof startBody>
export type ListQuery = z.output<typeof listQuery>

/** @throws {HttpError} 400 `http/body` with the path */
export function parseStart(body: unknown): StartBody {
  return parsed(startBody, body, 'http/body')
}

/** @throws {HttpError} 400 `http/body` */
export function parseFork(body: unknown): z.output<typeof forkBody> {
  return parsed(forkBody, body, 'http/body')
}

/** A body may be left out. @throws {HttpError} 400 `http/body` */
export function parseCancel(body: unknown): { readonly reason?: string | undefined } {
  return parsed(cancelBody, body, 'http/body') ?? {}
}

/** @throws {HttpError} 400 `http/body` */
export function parseDecision(body: unknown): z.output<typeof decisionBody> {
  return parsed(decisionBody, body, 'http/body')
}

/** A body may be left out. @throws {HttpError} 400 `http/body` */
export function parseResume(body: unknown): NonNullable<z.output<typeof resumeBody>> {
  return parsed(resumeBody, body, 'http/body') ?? {}
}

/** @throws {HttpError} 400 `http/body` */
export function parseSignal(body: unknown): z.output<typeof signalBody> {
  return parsed(signalBody, body, 'http/body')
}

/** @throws {HttpError} 400 `http/bad-limit`, `http/bad-query` */
export function parseList(query: unknown): ListQuery {
  const result = listQuery.safeParse(query)
  if (result.success) return result.data
  const isLimit = result.error.issues.some(({ path }) => path[0] === 'limit')
  return parsed(listQuery, query, isLimit ? 'http/bad-limit' : 'http/bad-query')
}

/** From the path, decoded; perhaps a child's. @throws {HttpError} 400 `http/bad-id` */
export function parseRunId(params: unknown): string {
  const id = z.object({ id: z.string().regex(ANY_RUN_ID) }).safeParse(params)
  if (id.success) return id.data.id
  throw new HttpError(
    400,
    'http/bad-id',
    'a run id is 1 to 64 of A-Z, a-z, 0-9, _ and -; a child run has a dot in it',
    { place: 'id' },
  )
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown, code: HttpErrorCode): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const key = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const place = ['$', ...(issue?.path ?? []), ...key].map(String).join('.')
  const message = key.length > 0 ? 'there is no such setting' : (issue?.message ?? 'cannot be read')
  throw new HttpError(400, code, `${place}: ${message}`, { place })
}
