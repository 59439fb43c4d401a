import { budgetError, parentEndedError, RUN_STATUSES, timeoutError } from '@agentloom/engine'
import type { ErrorInfo } from '@agentloom/workflow'
import { z } from 'zod'

/** Errors that a script makes are short forms, so that no sentence is built in Lua. */
const errorSchema = z.union([
  z.object({ code: z.string(), message: z.string(), place: z.string().nullable(), help: z.string().nullable() }),
  z.tuple([z.literal('budget'), z.number(), z.number()]).transform(([, spent, budget]) => budgetError(spent, budget)),
  z.tuple([z.literal('timeout'), z.number().nullable()]).transform(([, timeoutMs]) => timeoutError(timeoutMs)),
  z.tuple([z.literal('parent'), z.enum(RUN_STATUSES)]).transform(([, status]) => parentEndedError(status)),
])

export const nullableError = errorSchema.nullable()

export function errorText({ code, message, place, help }: ErrorInfo): string {
  return JSON.stringify({ code, message, place, help })
}
