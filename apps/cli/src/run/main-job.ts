import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Plan } from '@agentloom/workflow'
import { jsonShapeOf, type RunOptions } from '../command-line/run-options.ts'
import { surroundingsOf, withFolder } from '../command-line/surroundings.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io/io.ts'
import type { Settings } from '../settings.ts'
import { printWarnings } from '../terminal/warnings.ts'
import { loadPlan, loadRecorded } from '../workflow-file/load.ts'
import { checkpointFolderOf } from './checkpoint-folder.ts'
import type { Ending } from './ending.ts'
import { embeddedPlace } from './place.ts'
import { gatewayFor, laterKeysNote, unserved } from './providers.ts'
import { startEmbedded } from './start-embedded.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')
const FOLDER = join(ROOT, 'examples', 'incident-triage')

/** What `start` does: the example, live where a provider is at hand, replayed where none is. Always embedded. */
export async function runMainJob(options: RunOptions, surrounding: Io): Promise<Ending> {
  const json = jsonShapeOf(options)
  // The file's paths are those of the repository's root.
  const { io, settings } = await surroundingsOf(withFolder(surrounding, ROOT), options)
  const place = embeddedPlace(settings, io)
  if (!existsSync(join(FOLDER, 'workflow.yaml'))) {
    throw new CliError('run/not-found', 'the main job is not part of this installation', {
      help: 'clone the repository and run npm start there',
    })
  }
  const { plan, isReplayed } = await loadMainJob(options, { io, settings })
  const functions = options.functions ?? []
  if (isReplayed) {
    const live = 'set OPENAI_API_KEY or run Ollama for live ones'
    io.stderr.line(`no provider key found: replaying recorded answers (${live})${laterKeysNote(io)}`)
  }
  const checkpointFolder = checkpointFolderOf(options, place, settings, io)
  const start = {
    plan,
    place,
    settings,
    runId: undefined,
    input: {},
    functions,
    json,
    hasStandIn: true,
    checkpointFolder,
  }
  return startEmbedded({ ...start, filesLabel: 'report' }, io)
}

async function loadMainJob(
  { budget: budgetUsd }: RunOptions,
  { io, settings }: { readonly io: Io; readonly settings: Settings },
): Promise<{ readonly plan: Plan; readonly isReplayed: boolean }> {
  const cwd = io.cwd()
  const file = relative(cwd, join(FOLDER, 'workflow.yaml'))
  const load = (overrides: Parameters<typeof loadPlan>[0]['overrides']) =>
    loadPlan({ file, cwd, compat: null, settings, overrides })
  const { plan, warnings } = await load({ budgetUsd })
  printWarnings(warnings, io)
  await using gateway = await gatewayFor(plan, io, settings, { hasStandIn: true })
  if (unserved(plan, gateway).length === 0) return { plan, isReplayed: false }
  const recorded = await loadRecorded(join(FOLDER, 'recorded.json'), cwd)
  const replayed = { name: 'recorded.json', text: recorded.text, hasLatency: true }
  return { plan: (await load({ budgetUsd, recorded: replayed })).plan, isReplayed: true }
}
