import {
  createPlans,
  DelegatedJournal,
  Follower,
  replaySpool,
  restoreRun,
  type BlobStore,
  type Journal,
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
  /** Only says what it would do. */
  readonly isDry: boolean
}

/**
 * Fills Redis up from spools by hand: also those of other machines, and after a loss that no worker has seen. Runs that Redis
 * holds whole are left alone. Safe to repeat. @throws what `createClient` throws
 */
export async function recoverRuns(options: RecoverOptions): Promise<readonly ReplayedRun[]> {
  const { spools, isDry, retentionMs, blobs } = options
  const { redis, shards } = await connect(options)
  const opened = openShards({ redis, shards, retentionMs, blobs })
  const plans = createPlans((hash) => opened.journal.definition(hash))
  const journal: Journal = isDry ? new DryJournal(opened.unguarded) : opened.unguarded
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
