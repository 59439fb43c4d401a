import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { RunNotFoundError } from '@agentloom/embedded'
import {
  isOver,
  redactRecord,
  verifyRun,
  type DecideReply,
  type Explanation,
  type Finding,
  type JournalRecord,
  type LoadedRun,
  type MigrateReply,
  type ResumeTreeReply,
  type RunFilter,
  type RunHeader,
  type RunStatus,
  type RunTransition,
  type RunView,
  type SignalReply,
} from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import type { Io } from '../io/io.ts'
import { existsHome } from './home.ts'
import type { Place } from './place.ts'

/** The runs of a place, for commands that look at them or stop them. */
export interface KeptRuns extends AsyncDisposable {
  list(filter: RunFilter): Promise<readonly RunHeader[]>
  /** Of the journal, also of runs that are damaged. */
  ids(filter: RunFilter): Promise<readonly string[]>
  /** Null where nobody knows the run. */
  explain(runId: string): Promise<Explanation | null>
  find(runId: string): Promise<FoundRun | null>
  cancel(runId: string, reason: string): Promise<RunTransition>
  pause(runId: string, reason: string): Promise<RunTransition>
  /** Leaves the run to the workers; nobody is there for runs in a folder. */
  resume(
    runId: string,
    options: { readonly reason: string; readonly budgetNanoUsd?: number },
  ): Promise<Pick<ResumeTreeReply, 'outcome' | 'status'>>
  /** Also of a run that nobody executes now: it finds the decision when it is resumed. */
  decide(runId: string, given: GivenDecision): Promise<DecideReply>
  signal(runId: string, name: string, payload: unknown): Promise<SignalReply>
  /** The run's journal as it may be shown, or null where nobody knows the run. */
  records(runId: string): Promise<readonly JournalRecord[] | null>
  /** What is wrong with the run, or null where the place does not hold it. */
  verify(runId: string): Promise<{ readonly status: RunStatus; readonly findings: readonly Finding[] } | null>
  /** Further records as they are written, until the run is over. */
  follow(runId: string, from: number, signal: AbortSignal): AsyncIterable<JournalRecord>
  migrate(runId: string, to: Plan, isCheck: boolean): Promise<MigrateReply>
}

export interface FoundRun {
  readonly view: RunView
  readonly plan: Plan
  /** JSON text. */
  readonly input: string
}

/** How often a journal in a file is looked at by whoever follows it. */
const FOLLOW_MS = 300

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
  ids: async () => [],
  find: async () => null,
  explain: async () => null,
  cancel: async () => ({ isDone: false, status: null }),
  pause: async () => ({ isDone: false, status: null }),
  resume: async () => ({ outcome: 'refused', status: null }),
  decide: async () => ({ outcome: 'refused', reason: 'unknown-run', gates: [] }),
  signal: async () => ({ outcome: 'refused', reason: 'unknown-run' }),
  records: async () => null,
  verify: async () => null,
  async *follow() {},
  migrate: async (runId) => {
    throw new RunNotFoundError(runId)
  },
  [Symbol.asyncDispose]: async () => {},
}

async function runsInFolder(home: string, folder: string): Promise<KeptRuns> {
  const { openStage } = await import('./stage.ts')
  const { planOf } = await import('./plan-of.ts')
  const stage = await openStage({ home, folder, functions: [], tools: [] })
  const { embedded } = stage
  return {
    list: (filter) => embedded.runs(filter),
    ids: async (filter) => (await embedded.journal.listed(filter)).map(({ runId }) => runId),
    async find(runId) {
      try {
        const view = await embedded.view(runId)
        if (view === null) return null
        const header = await embedded.journal.header(runId)
        if (header === null) return await findCheckpoint(home, runId)
        return { view, input: header.input, plan: await planOf(embedded, home, runId) }
      } catch (error) {
        if (error instanceof RunNotFoundError) return null
        throw error
      }
    },
    explain: (runId) => embedded.explain(runId),
    cancel: (runId, reason) => embedded.cancel(runId, reason),
    pause: (runId, reason) => embedded.pause(runId, reason),
    resume: NO_RUNS.resume,
    decide: (runId, given) => embedded.decide(runId, { ...given, goOn: false }),
    signal: (runId, name, payload) => embedded.signal(runId, name, payload),
    records: async (runId) => {
      const loaded = await embedded.journal.load(runId)
      return loaded === null
        ? recordsInCheckpoint(home, runId)
        : shown(await embedded.journal.plans.get(loaded.header.definition), loaded)
    },
    async verify(runId) {
      const loaded = await embedded.journal.load(runId)
      if (loaded === null) return null
      const { definition, status } = loaded.header
      return { status, findings: verifyRun(await embedded.journal.plans.get(definition), loaded) }
    },
    async *follow(runId, from, signal) {
      for (let next = from; ;) {
        const loaded = await embedded.journal.load(runId, next)
        if (loaded === null) return
        yield* shown(await embedded.journal.plans.get(loaded.header.definition), loaded)
        next += loaded.records.length
        if (isOver(loaded.header.status) && loaded.records.length === 0) return
        await setTimeout(FOLLOW_MS, undefined, { signal })
      }
    },
    migrate: (runId, to, isCheck) => embedded.migrate(runId, to, { isCheck }),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}

async function runsInRedis(place: Place & { readonly kind: 'redis' }, home: string | null): Promise<KeptRuns> {
  const { connect } = await import('./in-redis.ts')
  const client = await connect(place)
  return {
    list: (filter) => client.list(filter),
    ids: async (filter) => (await client.list(filter)).map(({ runId }) => runId),
    async find(runId) {
      const header = await client.header(runId)
      const view = header === null ? null : await client.view(runId)
      if (header === null || view === null) return home === null ? null : findCheckpoint(home, runId)
      return { view, input: header.input, plan: await client.plan(header.definition) }
    },
    explain: async (runId) => (await client.explain(runId)) ?? (home === null ? null : explainEnded(home, runId)),
    cancel: (runId, reason) => client.cancel(runId, reason),
    pause: (runId, reason) => client.pause(runId, reason),
    resume: (runId, options) => client.resume(runId, options),
    decide: (runId, given) => client.decide(runId, given),
    signal: (runId, name, payload) => client.signal(runId, name, payload),
    records: async (runId) => {
      const loaded = await client.load(runId)
      if (loaded !== null) return shown(await client.plan(loaded.header.definition), loaded)
      return home === null ? null : recordsInCheckpoint(home, runId)
    },
    verify: (runId) => client.verify(runId),
    async *follow(runId, from, signal) {
      for await (const { record } of client.events(runId, { from, signal })) yield record
    },
    migrate: (runId, to, isCheck) => client.migrate(runId, to, { isCheck }),
    [Symbol.asyncDispose]: () => client.close(),
  }
}

async function findCheckpoint(home: string, runId: string): ReturnType<KeptRuns['find']> {
  const { viewRun } = await import('@agentloom/engine')
  const found = await readCheckpoint(home, runId)
  if (found === null) return null
  const { checkpoint, plan } = found
  return { view: viewRun(plan, checkpoint), input: checkpoint.header.input, plan }
}

/** Null also for one that was not over: what is so of it now nobody knows. */
async function explainEnded(home: string, runId: string): ReturnType<KeptRuns['explain']> {
  const { explainRun } = await import('@agentloom/engine')
  const found = await readCheckpoint(home, runId)
  if (found === null || !isOver(found.checkpoint.header.status)) return null
  const { checkpoint: loaded, plan } = found
  return explainRun(
    { plan, loaded, children: new Map() },
    {
      nowMs: loaded.header.updatedAtMs,
      workers: null,
      owner: null,
      dueAtMs: () => null,
      queued: () => null,
      fullKeys: [],
    },
  )
}

async function recordsInCheckpoint(home: string, runId: string): Promise<readonly JournalRecord[] | null> {
  const found = await readCheckpoint(home, runId)
  return found === null ? null : shown(found.plan, found.checkpoint)
}

async function readCheckpoint(home: string, runId: string) {
  const { CheckpointStore } = await import('@agentloom/embedded')
  const { compileWorkflow, parseDefinition } = await import('@agentloom/workflow')
  await using checkpoints = new CheckpointStore(join(home, 'checkpoints'))
  const checkpoint = await checkpoints.read(runId)
  return checkpoint === null
    ? null
    : { checkpoint, plan: compileWorkflow(parseDefinition(checkpoint.definitionText)).plan }
}

function shown(plan: Plan, { records }: LoadedRun): readonly JournalRecord[] {
  return records.map((record) => redactRecord(plan, record))
}
