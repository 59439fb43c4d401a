import {
  createPlans,
  DelegatedJournal,
  Follower,
  replaySpool,
  restoreRun,
  type BlobStore,
  type Journal,
  type KeptRun,
  type LoadedRun,
  type ReplayedRun,
  type ReplayMode,
  type RestoreReply,
  type RestoreRun,
  type SettleReply,
  type Spool,
} from '@agentloom/engine'
import { compileWorkflow, parseDefinition, type Plan } from '@agentloom/workflow'
import { connect } from '../connect/connect.ts'
import { openShards } from '../shards/open-shards.ts'
import { ring } from './recovery.ts'

export interface RecoverOptions {
  readonly redis: string
  readonly prefix?: string
  readonly shards?: number
  readonly retentionMs?: number
  readonly blobs?: BlobStore | null
  readonly spools: readonly Pick<Spool, 'runs' | 'read'>[]
  /** What is known of a run beside the spools, where Redis has nothing of it: a `CheckpointStore`. */
  readonly checkpoints?: Checkpoints
  /** Only says what it would do. */
  readonly isDry: boolean
}

interface Checkpoints {
  read(runId: string): Promise<KeptRun | null>
}

/**
 * Fills Redis up from spools by hand: also those of other machines, and after a loss that no worker has seen. Runs that Redis
 * holds whole are left alone. Safe to repeat. @throws what `createClient` throws
 */
export async function recoverRuns(options: RecoverOptions): Promise<readonly ReplayedRun[]> {
  const { spools, isDry, retentionMs, blobs, checkpoints = { read: async () => null } } = options
  const { redis, shards } = await connect(options)
  const opened = openShards({ redis, shards, retentionMs, blobs })
  const plans = createPlans((hash) => opened.journal.definition(hash))
  const kept = new KeptJournal(opened.unguarded, checkpoints)
  const journal: Journal = isDry ? new DryJournal(kept) : kept
  const follower = new Follower({ journal, doorbell: opened.doorbell, plans, observe: () => undefined })
  const found = new Map<string, ReplayedRun>()
  const replay = async (mode: ReplayMode): Promise<boolean> => {
    let isNew = false
    for (const spool of spools) {
      const parts = {
        spool,
        journal,
        planOf: (_hash: string, text: string) => compileWorkflow(parseDefinition(text)).plan,
        onReady: async (plan: Plan, runId: string, ready: Parameters<typeof ring>[3]) =>
          isDry ? undefined : ring(follower, plan, runId, ready),
      }
      for (const run of await replaySpool(parts, mode)) {
        isNew ||= 'addedCount' in run && run.addedCount > 0
        found.set(run.runId, joined(found.get(run.runId), run))
      }
    }
    return isNew
  }
  try {
    for (const mode of ['merge', 'last'] as const) while (await replay(mode));
    return [...found.values()].toSorted((a, b) => (a.runId < b.runId ? -1 : 1))
  } finally {
    await opened.closeQueues()
    redis.disconnect()
  }
}

function joined(before: ReplayedRun | undefined, now: ReplayedRun): ReplayedRun {
  if (before === undefined || now.outcome === 'failed' || before.outcome === 'known') return now
  if (!('addedCount' in before)) return now.outcome === 'known' ? before : now
  if (!('addedCount' in now)) return before
  const lost = [...new Set([...before.lost, ...now.lost])]
  return { ...now, outcome: 'restored', addedCount: before.addedCount + now.addedCount, lost }
}

/** A run that the journal has lost begins as its checkpoint has it: spools forget what is saved there, and know no cancel. */
class KeptJournal extends DelegatedJournal {
  readonly #checkpoints: Checkpoints

  constructor(journal: Journal, checkpoints: Checkpoints) {
    super(journal)
    this.#checkpoints = checkpoints
  }

  override async load(runId: string, from?: number): Promise<LoadedRun | null> {
    return (await super.load(runId, from)) ?? (await this.#checkpoints.read(runId))
  }

  override async restore(command: RestoreRun, plan: Plan): Promise<RestoreReply> {
    const isLost = (await super.load(command.start.runId)) === null
    return super.restore(isLost ? { ...command, replaces: null } : command, plan)
  }
}

/** Restores into memory, so that several spools come together as they would. */
class DryJournal extends DelegatedJournal {
  readonly #restored = new Map<string, LoadedRun>()

  override async load(runId: string, from?: number): Promise<LoadedRun | null> {
    return this.#restored.get(runId) ?? super.load(runId, from)
  }

  override async restore(command: RestoreRun, plan: Plan): Promise<RestoreReply> {
    const { header } = restoreRun(plan, command, () => 0)
    this.#restored.set(header.runId, { header, records: command.records })
    return { outcome: 'restored', status: header.status, offers: [], undecided: [] }
  }

  override async settle(): Promise<SettleReply> {
    return { outcome: 'stale' }
  }

  override async append(): Promise<{ readonly outcome: 'stale' }> {
    return { outcome: 'stale' }
  }
}
