import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CheckpointStore } from '@agentloom/embedded'
import {
  eraseAsItIs,
  isOver,
  readKept,
  readTree,
  restartCommand,
  type KeptRun,
  type RestoreReply,
  type RunFilter,
  type RunHeader,
} from '@agentloom/engine'
import { compileWorkflow, parseDefinition } from '@agentloom/workflow'
import type { Io } from '../io/io.ts'
import type { Place } from './place.ts'

/** Whole runs of a place: of its journal, and of the checkpoints on this machine. */
export interface WholeRuns extends AsyncDisposable {
  /** Of the journal. */
  list(filter: RunFilter): Promise<readonly RunHeader[]>
  header(runId: string): Promise<RunHeader | null>
  /** The run and all below it, from the journal, else from checkpoints. Empty where nobody knows it. */
  tree(runId: string): Promise<readonly KeptRun[]>
  restore(run: KeptRun): Promise<RestoreReply>
  /** @returns whether it is over by then, or nobody executes it */
  cancel(runId: string, reason: string): Promise<boolean>
  /** @returns false where somebody writes to the run all the time */
  erase(runId: string): Promise<boolean>
  readonly checkpoints: CheckpointStore
  readonly place: Place['kind']
}

/** A cancelled run may have to clean up. */
const CANCEL_MS_MAX = 30_000
const LOOK_MS = 100

type Journal = Omit<WholeRuns, 'tree' | 'cancel' | 'checkpoints' | 'place'> & {
  kept(runId: string): Promise<KeptRun | null>
  cancel(runId: string, reason: string): Promise<unknown>
}

/** @param home where checkpoints lie on this machine */
export async function openWholeRuns(place: Place, home: string, io: Io): Promise<WholeRuns> {
  const journal = place.kind === 'redis' ? await journalInRedis(place) : await journalInFolder(place.home, io.cwd())
  const checkpoints = new CheckpointStore(join(home, 'checkpoints'))
  return {
    ...journal,
    checkpoints,
    place: place.kind,
    tree: (runId) => readTree(async (id) => (await journal.kept(id)) ?? checkpoints.read(id), runId),
    async cancel(runId, reason) {
      await journal.cancel(runId, reason)
      for (let waitedMs = 0; waitedMs < CANCEL_MS_MAX; waitedMs += LOOK_MS) {
        const header = await journal.header(runId)
        if (header === null || isOver(header.status)) return true
        await sleep(LOOK_MS)
      }
      return false
    },
    async [Symbol.asyncDispose]() {
      await checkpoints.close()
      await journal[Symbol.asyncDispose]()
    },
  }
}

async function journalInRedis(place: Place & { readonly kind: 'redis' }): Promise<Journal> {
  const { connect } = await import('./in-redis.ts')
  const client = await connect(place)
  return {
    list: (filter) => client.list(filter),
    header: (runId) => client.header(runId),
    kept: (runId) => client.kept(runId),
    restore: (run) => client.restore(run),
    cancel: (runId, reason) => client.cancel(runId, reason),
    erase: (runId) => client.erase(runId),
    [Symbol.asyncDispose]: () => client.close(),
  }
}

async function journalInFolder(home: string, folder: string): Promise<Journal> {
  const { openStage } = await import('./stage.ts')
  const stage = await openStage({ home, folder, functions: [], tools: [] })
  const { journal } = stage.embedded
  return {
    list: (filter) => journal.list(filter),
    header: (runId) => journal.header(runId),
    kept: (runId) => readKept(journal, runId),
    async restore({ header, records, definitionText }) {
      const { plan } = compileWorkflow(parseDefinition(definitionText))
      journal.plans.add(plan)
      const start = { ...restartCommand(plan, header), definitionText }
      const reply = await journal.restore({ start, records, replaces: null }, plan)
      await journal.give(header.runId) // it goes on when somebody resumes it
      return reply
    },
    cancel: (runId, reason) => stage.embedded.cancel(runId, reason),
    erase: (runId) => eraseAsItIs(journal, runId),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}
