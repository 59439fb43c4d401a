import { MigrationRefusedError, type MigrateReply } from '@agentloom/engine'
import { RunNotFoundError } from '@agentloom/embedded'
import type { Plan } from '@agentloom/workflow'
import { placeOptionsOf } from '../command-line/place-option.ts'
import { surroundingsOf } from '../command-line/surroundings.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import { commandName, nextLine } from '../terminal/summary.ts'
import { planOfFile } from '../workflow-file/changed.ts'
import { checkedRunId } from './checked-run-id.ts'
import type { Ending } from './ending.ts'
import { openRuns } from './kept-runs.ts'
import { placeOf } from './place.ts'

export interface MigrateOptions {
  readonly to: string
  readonly check?: true
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

/** What `migrate` does. @throws {RunNotFoundError} {MigrationRefusedError} {RunActiveError} */
export async function migrateRun(given: string, options: MigrateOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  const runId = checkedRunId(given)
  await using runs = await openRuns(placeOf(options.redis, settings, io), io)
  const found = await runs.find(runId)
  if (found === null) throw new RunNotFoundError(runId)
  const to = await planOfFile(options.to, found.plan, io, settings)
  const reply = await migrated(runs.migrate(runId, to, options.check === true), options, io)
  if (reply === null) return { code: 1 }
  if (options.json === true)
    io.stdout.write(jsonText({ run_id: runId, outcome: reply.outcome, from: reply.from, to: reply.to, problems: [] }))
  else {
    io.stdout.line(textOf(runId, reply, to))
    if (reply.outcome === 'migrated')
      io.stdout.line(nextLine([`${commandName(io.env)} resume ${runId}${placeOptionsOf(options.redis)}`]))
  }
  return { code: 0 }
}

/** Null where it was refused, and every reason told. */
async function migrated(
  migrating: Promise<MigrateReply>,
  options: MigrateOptions,
  io: Io,
): Promise<MigrateReply | null> {
  try {
    return await migrating
  } catch (error) {
    if (!(error instanceof MigrationRefusedError) || options.json !== true) throw error
    const problems = error.problems.map(({ kind, stepId, field, message }) => ({ kind, step: stepId, field, message }))
    io.stdout.write(jsonText({ outcome: 'refused', problems }))
    return null
  }
}

function textOf(runId: string, { outcome }: MigrateReply, { hash }: Plan): string {
  const short = hash.slice(0, HASH_SHOWN)
  switch (outcome) {
    case 'same':
      return `run ${runId} follows this definition already (${short})`
    case 'compatible':
      return `run ${runId} can be moved to definition ${short}`
    case 'migrated':
      return `run ${runId} follows definition ${short} now`
    default:
      return outcome satisfies never
  }
}

const HASH_SHOWN = 12
