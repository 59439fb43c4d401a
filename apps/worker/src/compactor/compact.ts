import type { Compaction, EndedRun } from '@agentloom/bullmq'
import type { CheckpointStore } from '@agentloom/embedded'
import { AgentloomError } from '@agentloom/workflow'
import type { CompactorNews } from './messages.ts'

/** Runs of one round, and files written at once: each waits for its fsync. */
const ROUND_MAX = 128
const WRITES_MAX = 8

/**
 * Writes the checkpoints of runs that have ended, one round. A run is forgotten only when its file is on disk; one that
 * cannot be read is given up, and stays in Redis for its retention.
 * @returns whether there may be more
 * @throws what disk or Redis throws; what was not forgotten comes again
 */
export async function compactRound(
  compaction: Pick<Compaction, 'ended' | 'done' | 'load' | 'definition'>,
  store: Pick<CheckpointStore, 'write'>,
  tell: (news: CompactorNews) => void,
): Promise<boolean> {
  const runs = await compaction.ended(ROUND_MAX)
  for (let at = 0; at < runs.length; at += WRITES_MAX) {
    const batch = runs.slice(at, at + WRITES_MAX)
    const written = await Promise.all(batch.map((run) => writeOne(run)))
    await compaction.done(batch)
    tell({ kind: 'written', count: written.filter(Boolean).length })
  }
  return runs.length === ROUND_MAX

  async function writeOne({ runId }: EndedRun): Promise<boolean> {
    try {
      const loaded = await compaction.load(runId)
      const text = loaded === null ? null : await compaction.definition(loaded.header.definition)
      if (loaded === null || text === null) return false // it has left Redis already
      await store.write(loaded, text)
      return true
    } catch (error) {
      if (!isUnreadable(error)) throw error
      tell({ kind: 'given-up', runId, message: `${error.code} ${error.message}` })
      return false
    }
  }
}

function isUnreadable(error: unknown): error is AgentloomError {
  return error instanceof AgentloomError && error.code.startsWith('journal/')
}
