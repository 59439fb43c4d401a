import { join } from 'node:path'
import { RunNotFoundError } from '@agentloom/embedded'
import type { DecideReply, RunFilter, RunHeader, RunTransition, RunView, SignalReply } from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import type { Io } from '../io/io.ts'
import { existsHome } from './home.ts'
import type { Place } from './place.ts'

/** The runs of a place, for commands that look at them or stop them. */
export interface KeptRuns extends AsyncDisposable {
  list(filter: RunFilter): Promise<readonly RunHeader[]>
  /** Null where nobody knows the run. */
  find(runId: string): Promise<{ readonly view: RunView; readonly plan: Plan } | null>
  cancel(runId: string, reason: string): Promise<RunTransition>
  pause(runId: string, reason: string): Promise<RunTransition>
  /** Also of a run that nobody executes now: it finds the decision when it is resumed. */
  decide(runId: string, given: GivenDecision): Promise<DecideReply>
  signal(runId: string, name: string, payload: unknown): Promise<SignalReply>
}

export interface GivenDecision {
  readonly path: string | null
  readonly decision: string
  readonly by: string | null
}

/** @param home where checkpoints may lie of runs that Redis no longer has */
export async function openRuns(place: Place, io: Io, home: string | null = null): Promise<KeptRuns> {
  if (place.kind === 'redis') return runsInRedis(place, home)
  return existsHome(place.home) ? runsInFolder(place.home, io.cwd()) : NO_RUNS
}

const NO_RUNS: KeptRuns = {
  list: async () => [],
  find: async () => null,
  cancel: async () => ({ isDone: false, status: null }),
  pause: async () => ({ isDone: false, status: null }),
  decide: async () => ({ outcome: 'refused', reason: 'unknown-run', gates: [] }),
  signal: async () => ({ outcome: 'refused', reason: 'unknown-run' }),
  [Symbol.asyncDispose]: async () => {},
}

async function runsInFolder(home: string, folder: string): Promise<KeptRuns> {
  const { openStage } = await import('./stage.ts')
  const { planOf } = await import('./plan-of.ts')
  const stage = await openStage({ home, folder, functions: [], tools: [] })
  const { embedded } = stage
  return {
    list: (filter) => embedded.runs(filter),
    async find(runId) {
      try {
        const view = await embedded.view(runId)
        return view === null ? null : { view, plan: await planOf(embedded, home, runId) }
      } catch (error) {
        if (error instanceof RunNotFoundError) return null
        throw error
      }
    },
    cancel: (runId, reason) => embedded.cancel(runId, reason),
    pause: (runId, reason) => embedded.pause(runId, reason),
    decide: (runId, given) => embedded.decide(runId, { ...given, goOn: false }),
    signal: (runId, name, payload) => embedded.signal(runId, name, payload),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}

async function runsInRedis(place: Place & { readonly kind: 'redis' }, home: string | null): Promise<KeptRuns> {
  const { connect } = await import('./in-redis.ts')
  const client = await connect(place)
  return {
    list: (filter) => client.list(filter),
    async find(runId) {
      const header = await client.header(runId)
      const view = header === null ? null : await client.view(runId)
      if (header === null || view === null) return home === null ? null : findCheckpoint(home, runId)
      return { view, plan: await client.plan(header.definition) }
    },
    cancel: (runId, reason) => client.cancel(runId, reason),
    pause: (runId, reason) => client.pause(runId, reason),
    decide: (runId, given) => client.decide(runId, given),
    signal: (runId, name, payload) => client.signal(runId, name, payload),
    [Symbol.asyncDispose]: () => client.close(),
  }
}

async function findCheckpoint(home: string, runId: string): ReturnType<KeptRuns['find']> {
  const { CheckpointStore } = await import('@agentloom/embedded')
  const { viewRun } = await import('@agentloom/engine')
  const { compileWorkflow, parseDefinition } = await import('@agentloom/workflow')
  await using checkpoints = new CheckpointStore(join(home, 'checkpoints'))
  const checkpoint = await checkpoints.read(runId)
  if (checkpoint === null) return null
  const { plan } = compileWorkflow(parseDefinition(checkpoint.definitionText))
  return { view: viewRun(plan, checkpoint), plan }
}
