import type { Compiled, Value } from '@agentloom/workflow'
import { placeOptionsOf, refuseWith } from '../command-line/place-option.ts'
import { jsonShapeOf } from '../command-line/run-options.ts'
import { stateFromFile } from '../command-line/state-file.ts'
import { stateFromPairs } from '../command-line/state-pairs.ts'
import { surroundingsOf } from '../command-line/surroundings.ts'
import type { RunCommandOptions } from '../commands/run.ts'
import type { Io } from '../io/io.ts'
import { printWarnings } from '../terminal/warnings.ts'
import { loadPlan, loadRecorded } from '../workflow-file/load.ts'
import { checkedRunId } from './checked-run-id.ts'
import { checkpointFolderOf } from './checkpoint-folder.ts'
import type { Ending } from './ending.ts'
import { placeOf } from './place.ts'

/** What `run` does. */
export async function runFile(file: string, options: RunCommandOptions, surrounding: Io): Promise<Ending> {
  const json = jsonShapeOf(options)
  const runId = options.id === undefined ? undefined : checkedRunId(options.id)
  const { io, settings } = await surroundingsOf(surrounding, options)
  const place = placeOf(options.redis, settings, io)
  if (place.kind === 'redis') {
    const { functions, checkpoint, checkpointDir } = options
    refuseWith('redis', { '--functions': functions, '--checkpoint': checkpoint, '--checkpoint-dir': checkpointDir })
  } else refuseWith('embedded', { '--detach': options.detach })
  const input = await inputOf(options, io)
  const { plan, warnings } = await compiled(file, options, { io, settings, inputKeys: Object.keys(input) })
  printWarnings(warnings, io)
  if (place.kind === 'redis') {
    const { startInRedis } = await import('./in-redis.ts')
    const placeOptions = placeOptionsOf(options.redis)
    return startInRedis({ plan, place, runId, input, json, isDetached: options.detach === true, placeOptions }, io)
  }
  const { startEmbedded } = await import('./start-embedded.ts')
  const checkpointFolder = checkpointFolderOf(options, place, settings, io)
  const functions = options.functions ?? []
  return startEmbedded(
    { plan, file, place, settings, runId, input, functions, json, hasStandIn: false, checkpointFolder },
    io,
  )
}

async function compiled(
  file: string,
  { provider, model, budget: budgetUsd, stream, mockResponses, compat }: RunCommandOptions,
  at: {
    readonly io: Io
    readonly settings: Parameters<typeof placeOf>[1]
    readonly inputKeys: readonly string[]
  },
): Promise<Compiled> {
  const { io, settings, inputKeys } = at
  const cwd = io.cwd()
  const recorded = mockResponses === undefined ? undefined : await loadRecorded(mockResponses, cwd)
  const overrides = { provider, model, budgetUsd, stream, recorded }
  return loadPlan({ file, cwd, compat: compat ?? settings.AGENTLOOM_COMPAT ?? null, settings, overrides, inputKeys })
}

/** File first, pairs over it. */
async function inputOf({ state = [], stateFile }: RunCommandOptions, io: Io): Promise<object> {
  const pairs = stateFromPairs(state)
  const entries = new Map<string, Value>(stateFile === undefined ? [] : await stateFromFile(stateFile, io))
  for (const [key, value] of pairs) entries.set(key, value)
  return Object.fromEntries(entries)
}
