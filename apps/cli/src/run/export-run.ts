import { resolve } from 'node:path'
import { unwritten } from '../workflow-file/write-output.ts'
import { exportChunks, writeExport } from '@agentloom/embedded'
import { viewRun, type KeptRun } from '@agentloom/engine'
import { compileWorkflow, parseDefinition } from '@agentloom/workflow'
import { surroundingsOf } from '../command-line/surroundings.ts'
import type { Io } from '../io/io.ts'
import { writeCheckpointFile } from '../result/checkpoint-file.ts'
import { referenceText } from '../result/reference-document.ts'
import { printable } from '../terminal/printable.ts'
import { checkedRunId } from './checked-run-id.ts'
import type { Ending } from './ending.ts'
import { notFound } from './not-found.ts'
import { embeddedPlace, placeOf } from './place.ts'
import { openWholeRuns } from './whole-runs.ts'

export interface ExportOptions {
  readonly format: 'agentloom' | 'reference'
  readonly output?: string
  readonly redis?: string
  readonly envFile?: string
}

/** @throws {CliError} `run/not-found` */
export async function exportRun(given: string, options: ExportOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  const runId = checkedRunId(given)
  await using runs = await openWholeRuns(placeOf(options.redis, settings, io), embeddedPlace(settings, io).home, io)
  const tree = await runs.tree(runId)
  const [run] = tree
  if (run === undefined) throw notFound(runId)
  const file = options.output === undefined ? null : resolve(io.cwd(), options.output)
  try {
    if (options.format === 'reference') await exportReference(run, file, io)
    else if (file === null) for (const chunk of exportChunks(tree)) io.stdout.write(chunk)
    else await writeExport(file, tree)
  } catch (error) {
    throw unwritten(error, options.output ?? '')
  }
  if (file !== null) io.stderr.line(`run ${runId} is in ${printable(options.output ?? '')}`)
  return { code: 0 }
}

async function exportReference(run: KeptRun, file: string | null, io: Io): Promise<void> {
  const { plan } = compileWorkflow(parseDefinition(run.definitionText))
  const view = viewRun(plan, run)
  if (file === null) io.stdout.write(`${referenceText(view, plan, run.header)}\n`)
  else await writeCheckpointFile(file, plan, view, run.header)
}
