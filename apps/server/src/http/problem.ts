import { STATUS_CODES } from 'node:http'
import { AgentloomError, type ErrorInfo, WorkflowError } from '@agentloom/workflow'
import { HttpError } from './errors.ts'

/** An error as RFC 9457 writes it, with the code, place and help that errors have everywhere. */
export interface Problem extends ErrorInfo {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** Of a workflow that does not compile: the first hundred findings. */
  readonly errors?: readonly {
    readonly code: string
    readonly message: string
    readonly place: string | null
    readonly help: string | null
  }[]
}

export const PROBLEM_TYPE = 'application/problem+json'

/** Seconds after which a client may ask again when no work can be taken. */
const RETRY_AFTER_SECONDS = '1'

/** Status by code, then by the first part of it; what is in neither is our fault. */
const STATUS_OF: ReadonlyMap<string, number> = new Map([
  ['run/bad-option', 400],
  ['run/bad-input', 400],
  ['run/id-conflict', 409],
  ['run/not-found', 404],
  ['run/decision-refused', 409],
  ['fork/step', 422],
  ['fork/state', 422],
  ['fork/id', 409],
  ['redis/full', 503],
  ['redis/memory-mark', 503],
  ['redis/durability', 501],
  ['run/backlog', 429],
  ['run/durability', 503],
  ['run/input-too-large', 413],
  ['redis/unreachable', 503],
  ['yaml', 422],
  ['workflow', 422],
  ['template', 422],
  ['expression', 422],
  ['state', 422],
  ['result', 400],
  ['value', 400],
])

export interface ProblemReply {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>
}

/** What a client is told. Of errors that are not ours only that there was one: their texts may hold anything. */
export function problemOf(error: unknown): ProblemReply {
  if (error instanceof HttpError) return { problem: problem(error.status, error), headers: error.headers }
  if (error instanceof WorkflowError)
    return { problem: { ...problem(422, error), errors: findings(error) }, headers: {} }
  if (error instanceof AgentloomError) {
    const status = STATUS_OF.get(error.code) ?? STATUS_OF.get(error.code.split('/')[0] ?? '') ?? 500
    return {
      problem: problem(status, error),
      headers: status === 503 || status === 429 ? { 'retry-after': RETRY_AFTER_SECONDS } : {},
    }
  }
  const refused = refusedByFastify(error)
  if (refused !== null) return { problem: problem(refused.status, refused), headers: refused.headers }
  const info = {
    code: 'http/internal',
    message: 'something went wrong in the server; its log has the error',
    place: null,
    help: null,
  }
  return { problem: problem(500, info), headers: {} }
}

export function problem(status: number, { code, message, place, help }: ErrorInfo): Problem {
  return {
    type: `urn:agentloom:error:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    code,
    message,
    place,
    help,
  }
}

function findings(error: WorkflowError): NonNullable<Problem['errors']> {
  return error.diagnostics.map(({ code, message, help, line, column, path }) => ({
    code,
    message,
    place: line === null ? path || null : `${line}:${column ?? 1}${path === '' ? '' : `  ${path}`}`,
    help,
  }))
}

/** Fastify refuses some requests before they come to us. */
function refusedByFastify(error: unknown): HttpError | null {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return null
  const { statusCode: status, message } = error
  if ('code' in error && error.code === 'FST_ERR_HANDLER_TIMEOUT')
    return new HttpError(503, 'http/timeout', 'Redis took too long to answer', {
      headers: { 'retry-after': RETRY_AFTER_SECONDS },
    })
  if (status === 413) return new HttpError(413, 'http/too-large', 'the body is larger than 1 MiB')
  if (status === 415) return new HttpError(415, 'http/media-type', 'send application/json in UTF-8')
  if (status === 404) return new HttpError(404, 'http/no-such-page', 'there is no such page')
  return status >= 400 && status < 500 ? new HttpError(status, 'http/bad-request', message) : null
}
