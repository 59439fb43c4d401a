import { RunNotFoundError } from '@agentloom/embedded'
import type { RunFilter, RunHeader, RunTransition, RunView } from '@agentloom/engine'
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
}

export async function openRuns(place: Place, io: Io): Promise<KeptRuns> {
  if (place.kind === 'redis') return runsInRedis(place)
  return existsHome(place.home) ? runsInFolder(place.home, io.cwd()) : NO_RUNS
}

const NO_RUNS: KeptRuns = {
  list: async () => [],
  find: async () => null,
  cancel: async () => ({ isDone: false, status: null }),
  pause: async () => ({ isDone: false, status: null }),
  [Symbol.asyncDispose]: async () => {},
}

async function runsInFolder(home: string, folder: string): Promise<KeptRuns> {
  const { openStage } = await import('./stage.ts')
  const { planOf } = await import('./plan-of.ts')
  const stage = await openStage({ home, folder, functions: [] })
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
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}

async function runsInRedis(place: Place & { readonly kind: 'redis' }): Promise<KeptRuns> {
  const { connect } = await import('./in-redis.ts')
  const client = await connect(place)
  return {
    list: (filter) => client.list(filter),
    async find(runId) {
      const header = await client.header(runId)
      const view = header === null ? null : await client.view(runId)
      return header === null || view === null ? null : { view, plan: await client.plan(header.definition) }
    },
    cancel: (runId, reason) => client.cancel(runId, reason),
    pause: (runId, reason) => client.pause(runId, reason),
    [Symbol.asyncDispose]: () => client.close(),
  }
}
