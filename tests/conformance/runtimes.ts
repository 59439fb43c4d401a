import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { functionsOf, systemClock, type GateDecision, type Models, type RunView, type ToolBox } from '@agentloom/engine'
import { MemoryRuntime } from '@agentloom/engine/testing'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import type { Plan } from '@agentloom/workflow'

/** What a runtime needs of the cases that it runs. */
export interface Surroundings {
  readonly models: Models
  readonly tools: ToolBox
  readonly runFolder: (runId: string) => string
}

export type Decisions = Readonly<Record<string, string>>

/** A runtime as a case sees it: each verb ends when the run is over or paused. */
export interface Engine extends AsyncDisposable {
  run(plan: Plan, runId: string, input: unknown): Promise<RunView>
  /** @param decisions full name of a gate → what was decided */
  resume(plan: Plan, runId: string, decisions: Decisions): Promise<RunView>
}

export type RuntimeName = 'memory' | 'embedded' | 'bullmq'

/** The slowest case takes 2 s. */
const CASE_MS_MAX = 15_000

const DEFAULT_RUNTIMES: readonly RuntimeName[] = ['memory', 'embedded', 'bullmq']

/** The runtimes to try: those named in AGENTLOOM_CONFORMANCE_RUNTIMES (`memory`, `embedded`, `bullmq`, with commas). */
export function chosenRuntimes(asked = process.env['AGENTLOOM_CONFORMANCE_RUNTIMES'] ?? ''): readonly RuntimeName[] {
  if (asked === '') return DEFAULT_RUNTIMES
  return asked.split(',').map((name) => {
    const known = name.trim()
    if (known === 'memory' || known === 'embedded' || known === 'bullmq') return known
    throw new Error(`runtime '${name}' is none of ${Object.keys(RUNTIMES).join(', ')}`)
  })
}

export const RUNTIMES: Readonly<Record<RuntimeName, (surroundings: Surroundings) => Promise<Engine>>> = {
  async memory(surroundings) {
    const runtime = new MemoryRuntime({ ...surroundings, time: 'real', walks: 64 })
    return {
      async run(plan, runId, input) {
        await runtime.start(plan, input, runId)
        await runtime.settle()
        return runtime.view(plan, runId)
      },
      async resume(plan, runId, decisions) {
        await runtime.resume(plan, runId, decisions)
        await runtime.settle()
        return runtime.view(plan, runId)
      },
      async [Symbol.asyncDispose]() {},
    }
  },

  async embedded(surroundings) {
    const folder = await mkdtemp(join(tmpdir(), 'agentloom-conformance-'))
    const { createEmbedded } = await import('@agentloom/embedded')
    const embedded = await createEmbedded({ folder, executors: executorsOf(surroundings) })
    return {
      run: async (plan, runId, input) => (await embedded.start(plan, { runId, input })).result(),
      resume: async (_plan, runId, decisions) =>
        (await embedded.resume(runId, { decisions: decisionsOf(decisions) })).result(),
      async [Symbol.asyncDispose]() {
        await embedded.close()
        await rm(folder, { recursive: true, force: true })
      },
    }
  },

  async bullmq(surroundings) {
    const at = { redis: redisUrl(), prefix: testPrefix() }
    const { createClient } = await import('@agentloom/bullmq/client')
    const { startWorkerRuntime } = await import('@agentloom/bullmq')
    const client = await createClient(at)
    const worker = await startWorkerRuntime({
      ...at,
      executors: { ...executorsOf(surroundings), observe: () => undefined },
    })
    const ended = async (runId: string): Promise<RunView> => {
      await client.waitForRest(runId, AbortSignal.timeout(CASE_MS_MAX))
      const view = await client.view(runId)
      if (view === null) throw new Error(`run ${runId} is gone`)
      return view
    }
    return {
      async run(plan, runId, input) {
        await client.start(plan, { runId, input })
        return ended(runId)
      },
      async resume(_plan, runId, decisions) {
        await client.resume(runId, { reason: 'conformance', decisions: decisionsOf(decisions) })
        return ended(runId)
      },
      async [Symbol.asyncDispose]() {
        await worker.close()
        await client.close()
        await removeKeys(at.prefix)
      },
    }
  },
}

function decisionsOf(decisions: Decisions): readonly GateDecision[] {
  return Object.entries(decisions).map(([path, decision]) => ({ path, decision }))
}

function executorsOf(surroundings: Surroundings) {
  return { ...surroundings, functions: functionsOf([]), clock: systemClock, random: Math.random }
}
