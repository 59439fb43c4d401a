import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseValue, toPlain } from '@agentloom/workflow'
import { z } from 'zod'

const stepSchema = z.strictObject({
  status: z.enum(['success', 'failed', 'skipped', 'timeout', 'paused']),
  output: z.unknown(),
  error: z.boolean(),
  error_kind: z.string().optional(),
  tokens: z.number().default(0),
  cost_usd: z.number().default(0),
  waiting_at: z.string().optional(),
})

const endSchema = z.object({
  outcome: z.enum(['success', 'failed', 'paused', 'budget_exceeded', 'load_error']),
  /** Absent for a file that does not load. */
  steps: z.record(z.string(), stepSchema).default({}),
  state: z.record(z.string(), z.unknown()).default({}),
  /** Absent where the budget ended the run. */
  tokens: z.number().optional(),
  cost_usd: z.number().optional(),
  prompts: z.record(z.string(), z.strictObject({ system: z.string().optional(), user: z.string() })).default({}),
  /** What was handed back to the model in the last call of each tool loop. */
  tool_results: z
    .record(z.string(), z.array(z.object({ ok: z.boolean(), result: z.unknown().optional() })))
    .default({}),
  /** Files that were made or changed, by path. */
  files: z.record(z.string(), z.string()).default({}),
})

const resumeSchema = endSchema.extend({
  decisions: z.record(z.string(), z.string()).default({}),
  files_before: z.record(z.string(), z.string()).default({}),
  get resume() {
    return resumeSchema.optional()
  },
})

const caseSchema = endSchema.extend({
  case: z.string(),
  covers: z.array(z.string()),
  input: z.object({ state: z.record(z.string(), z.unknown()).default({}) }),
  error_kind: z.string().optional(),
  resume: resumeSchema.optional(),
  wart: z.string().optional(),
})

export type ExpectedEnd = z.infer<typeof endSchema>
export type ExpectedCase = z.infer<typeof caseSchema>

/** Numbers come as the JSON reader gives them; beyond 2^53 they are compared within a tolerance. */
export async function readExpected(folder: string): Promise<ExpectedCase> {
  return caseSchema.parse(toPlain(parseValue(await readFile(join(folder, 'expected.json'), 'utf8'))))
}
