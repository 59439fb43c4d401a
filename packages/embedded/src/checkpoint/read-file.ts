import { viewRun } from '@agentloom/engine'
import { AgentloomError, compileWorkflow, parseDefinition } from '@agentloom/workflow'
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { headerSchema, recordSchema } from '../journal/record-schema.ts'
import type { Checkpoint } from './checkpoint-store.ts'
import { CheckpointCorruptError } from './errors.ts'
import { EXPORT_FORMAT } from './export-file.ts'

/** A text of 512 MiB is the longest that there is; half of it leaves room for what is made of it. */
const CHECKPOINT_BYTES_MAX = 256 * 1024 ** 2

const run = {
  header: headerSchema,
  definition: z.string(),
  records: z.array(recordSchema),
}
const fileSchema = z.object({
  format: z.literal(EXPORT_FORMAT),
  ...run,
  children: z.array(z.object(run)).default([]),
})

/**
 * A run from its checkpoint file of the form before; null where there is no such file.
 * @throws {CheckpointCorruptError} `checkpoint/corrupt`, naming the file
 */
export async function readCheckpoint(file: string): Promise<Checkpoint | null> {
  const text = await textOf(file)
  const [checkpoint = null] = text === null ? [] : parseExport(file, json(file, text))
  if (checkpoint === null) return null
  const { runId } = checkpoint.header
  if (basename(file) !== `${runId}.json`) throw new CheckpointCorruptError(file, `it is the checkpoint of run ${runId}`)
  return checkpoint
}

/**
 * The run of an exported file, and those below it.
 * @param value what `JSON.parse` made of the file @throws {CheckpointCorruptError} `checkpoint/corrupt`, naming the file
 */
export function parseExport(file: string, value: unknown): readonly Checkpoint[] {
  const parsed = fileSchema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new CheckpointCorruptError(
      file,
      `${['$', ...(issue?.path ?? [])].map(String).join('.')}: ${issue?.message ?? ''}`,
    )
  }
  return [parsed.data, ...parsed.data.children].map(({ header, definition, records }) => {
    return { header, records, definitionText: definition }
  })
}

/** Whether a checkpoint can be gone on with: its definition compiles to the hash it names, and its records go together. */
export function checkCheckpoint(file: string, { header, records, definitionText }: Checkpoint): void {
  try {
    const { plan } = compileWorkflow(parseDefinition(definitionText))
    if (plan.hash !== header.definition) throw new CheckpointCorruptError(file, 'its definition has another hash')
    viewRun(plan, { header, records })
  } catch (error) {
    if (error instanceof CheckpointCorruptError || !(error instanceof AgentloomError)) throw error
    throw new CheckpointCorruptError(file, error.message)
  }
}

/** Null where there is no such file. */
async function textOf(file: string): Promise<string | null> {
  try {
    const { size } = await stat(file)
    if (size > CHECKPOINT_BYTES_MAX)
      throw new CheckpointCorruptError(file, `it has ${size} bytes; ${CHECKPOINT_BYTES_MAX} are the limit`)
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof CheckpointCorruptError) throw error
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'ENOENT') return null
    throw new CheckpointCorruptError(file, String(code ?? error))
  }
}

function json(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CheckpointCorruptError(file, text === '' ? 'it is empty' : 'it is cut, or no JSON')
  }
}

/** A JSON file that somebody names. @throws {CheckpointCorruptError} `checkpoint/corrupt` also where there is none */
export async function readJsonFile(file: string): Promise<unknown> {
  const text = await textOf(file)
  if (text === null) throw new CheckpointCorruptError(file, 'there is no such file')
  return json(file, text)
}
