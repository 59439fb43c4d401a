import { resolve } from 'node:path'
import { RunNotFoundError } from '@agentloom/embedded'
import type { GateDecision, RunView as RunRecord } from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import { loadHandlers } from '@agentloom/worker/program'
import type { Io } from '../io/io.ts'
import type { Settings } from '../settings.ts'
import { countText } from '../terminal/figures.ts'
import { printable } from '../terminal/printable.ts'
import type { JsonShape } from './conclude.ts'
import type { Ending } from './ending.ts'
import { existsHome } from './home.ts'
import type { Place } from './place.ts'
import { planOf } from './plan-of.ts'
import { checkServed, gatewayFor } from './providers.ts'
import { readSession } from './session.ts'
import { openStage } from './stage.ts'
import { begun, seeToItsEnd } from './start-embedded.ts'
import { Stopper } from './stopper.ts'
import { viewFor } from './watch.ts'

export interface EmbeddedResume {
  readonly runId: string
  readonly place: Place & { readonly kind: 'embedded' }
  readonly settings: Settings
  readonly budgetNanoUsd: number | undefined
  readonly decisions: readonly GateDecision[]
  /** Who decides. */
  readonly by: string | null
  /** Beside the modules that the run was started with, or in their place where given. */
  readonly functions: readonly string[]
  readonly json: JsonShape
  readonly checkpointFolder: string | null
}

/**
 * Goes on with a run behind its last committed step, in the folder it was started in.
 * @throws {RunNotFoundError} · {RunActiveError} · {RunCancelledError} · {NoHandlerError}
 */
export async function resumeEmbedded(wanted: EmbeddedResume, io: Io): Promise<Ending> {
  const { runId, place, settings, budgetNanoUsd, decisions, by, json } = wanted
  if (!existsHome(place.home)) throw new RunNotFoundError(runId)
  const session = await readSession(place.home, runId)
  const cwd = io.cwd()
  const modules =
    wanted.functions.length > 0 ? wanted.functions.map((path) => resolve(cwd, path)) : (session?.functions ?? [])
  const handlers = await loadHandlers(modules)
  await using stage = await openStage({ home: place.home, folder: session?.folder ?? cwd, ...handlers })
  const plan = await planOf(stage.embedded, place.home, runId)
  const before = await stage.embedded.view(runId)
  await using gateway = await gatewayFor(plan, io, settings, { hasStandIn: session?.hasStandIn ?? false })
  if (before?.status !== 'success') checkServed(plan, gateway, io, null)
  stage.models = gateway
  const options = { decisions, by, ...(budgetNanoUsd !== undefined && { budgetNanoUsd }) }
  using stopper = new Stopper(io.interrupts)
  // Told before anything happens: steps begin while `resume` still answers.
  if (json === 'none' && before !== null) io.stdout.line(resumeLine(before, plan))
  stage.view = viewFor(plan, json, io)
  const handle = await begun(stage, stage.embedded.resume(runId, options))
  return await seeToItsEnd(stage, handle, { ...wanted, plan, stopper }, io)
}

/** `resuming triage · run … · 12 steps kept` */
export function resumeLine(before: RunRecord, plan: Plan): string {
  const kept = before.steps.filter(({ status }) => status === 'success').length
  const what =
    before.status === 'success'
      ? 'it succeeded: nothing to do'
      : `${countText(kept, 'step')} kept, ${plan.nodes.length - kept} to go`
  return `resuming ${printable(before.workflow)} · run ${before.runId} · ${what}`
}
