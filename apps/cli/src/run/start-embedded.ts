import { resolve } from 'node:path'
import { NoHandlerError, type RunHandle } from '@agentloom/embedded'
import { functionsOf, newRunId, type RunView as RunRecord } from '@agentloom/engine'
import type { FunctionDefinition, Plan } from '@agentloom/workflow'
import { loadHandlers } from '@agentloom/worker/program'
import type { Io } from '../io/io.ts'
import { saveCheckpoint } from '../result/checkpoint-file.ts'
import type { Settings } from '../settings.ts'
import { printable } from '../terminal/printable.ts'
import { conclude, type JsonShape } from './conclude.ts'
import type { Ending } from './ending.ts'
import type { Place } from './place.ts'
import { checkServed, gatewayFor } from './providers.ts'
import { writeSession } from './session.ts'
import { openStage, type Stage } from './stage.ts'
import { Stopper } from './stopper.ts'
import { viewFor } from './watch.ts'

export interface EmbeddedStart {
  readonly plan: Plan
  /** The workflow file as it was named. */
  readonly file?: string
  readonly place: Place & { readonly kind: 'embedded' }
  readonly settings: Settings
  readonly runId: string | undefined
  readonly input: object
  /** Paths of modules, relative to the working directory. */
  readonly functions: readonly string[]
  readonly json: JsonShape
  readonly hasStandIn: boolean
  /** Folder for a checkpoint in the Python engine's format, or null. */
  readonly checkpointFolder: string | null
  readonly filesLabel?: string
}

/** Starts a run in this process and sees it to its end, or to its pause. */
export async function startEmbedded(start: EmbeddedStart, io: Io): Promise<Ending> {
  const { plan, place, settings, hasStandIn, json } = start
  const folder = io.cwd()
  const modules = start.functions.map((path) => resolve(folder, path))
  const handlers = await loadHandlers(modules)
  await using gateway = await gatewayFor(plan, io, settings, { hasStandIn })
  checkServed(plan, gateway, io, start.file ?? null)
  checkHandlers(plan, handlers.functions)
  await using stage = await openStage({ home: place.home, folder, ...handlers })
  stage.models = gateway
  const runId = start.runId ?? newRunId()
  using stopper = new Stopper(io.interrupts)
  const isKnown = (await stage.embedded.journal.header(runId)) !== null
  if (!isKnown) await writeSession(place.home, runId, { format: 1, folder, functions: modules, hasStandIn })
  // Told before anything happens: steps begin while `start` still answers.
  if (json === 'none' && !isKnown)
    io.stdout.line(`${printable(plan.name)} · run ${runId} · embedded, journal in ${place.shown}`)
  stage.view = viewFor(plan, json, io)
  const handle = await begun(stage, stage.embedded.start(plan, { runId, input: start.input }))
  if (isKnown) io.stderr.line(`run ${runId} was started before; it is not started again`)
  return await seeToItsEnd(stage, handle, { ...start, stopper }, io)
}

/** Before anything is written, or told to have begun. @throws {NoHandlerError} */
function checkHandlers(plan: Plan, functions: readonly FunctionDefinition[]): void {
  const found = functionsOf(functions)
  for (const { id, step } of plan.nodes) {
    if (step.type === 'function' && found.get(step.handler) === null) throw new NoHandlerError(id, step.handler)
  }
}

export interface SeenToItsEnd {
  readonly plan: Plan
  readonly json: JsonShape
  readonly checkpointFolder: string | null
  readonly filesLabel?: string
  readonly stopper: Stopper
}

/** Waits for the run; the first signal pauses it, and what was committed until then is kept. */
export async function seeToItsEnd(stage: Stage, handle: RunHandle, seen: SeenToItsEnd, io: Io): Promise<Ending> {
  const { plan, checkpointFolder, stopper } = seen
  stopper.watch(handle)
  const record = await begun(stage, handle.result())
  stage.view.end()
  if (checkpointFolder !== null) await saveCopy(stage, checkpointFolder, { plan, record }, io)
  return conclude({ ...seen, record, signal: stopper.signal, placeOptions: '' }, io)
}

/** Whatever ends a run's view early leaves the terminal as it should be. */
export async function begun<Result>(stage: Stage, running: Promise<Result>): Promise<Result> {
  try {
    return await running
  } catch (error) {
    stage.view.end()
    throw error
  }
}

async function saveCopy(
  { embedded }: Stage,
  folder: string,
  { plan, record }: { readonly plan: Plan; readonly record: RunRecord },
  io: Io,
): Promise<void> {
  const header = await embedded.journal.header(record.runId)
  if (header === null) return
  try {
    io.stderr.line(`checkpoint: ${await saveCheckpoint(folder, plan, record, header)}`)
  } catch (error) {
    // The run itself is safe in the journal; only the copy is missing.
    io.stderr.line(`warning: no checkpoint in ${printable(folder)}: ${Error.isError(error) ? error.message : ''}`)
  }
}
