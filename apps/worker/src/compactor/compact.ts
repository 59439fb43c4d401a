import type { Compaction } from '@agentloom/bullmq'
import type { CheckpointStore } from '@agentloom/embedded'
import { BlobMissingError } from '@agentloom/engine'
import { AgentloomError } from '@agentloom/workflow'
import type { CompactorNews } from './messages.ts'

/** Below it a run is read whole: one call instead of two. */
const LONG_RECORDS = 50

/** Runs of one round, and files written at once: each waits for its fsync. */
const ROUND_MAX = 128
const WRITES_MAX = 8

/**
 * Writes the checkpoints of runs that have come to rest, one round. A run is forgotten only when its file is on disk; one that
 * cannot be read is given up, and stays in Redis for its retention. Where only a blob is not to be had now, it comes again
 * after the others.
 * @returns whether there may be more
 * @throws what disk, Redis or the blob store throws; what was not forgotten comes again
 */
export async function compactRound(
  compaction: Pick<Compaction, 'unsaved' | 'done' | 'postpone' | 'load' | 'definition'>,
  store: Target['store'],
  tell: (news: CompactorNews) => void,
): Promise<boolean> {
  const runs = await compaction.unsaved(ROUND_MAX)
  let missing: BlobMissingError | null = null
  for (let at = 0; at < runs.length; at += WRITES_MAX) {
    const batch = runs.slice(at, at + WRITES_MAX)
    const outcomes = await Promise.all(batch.map(({ runId }) => writeOne(compaction, { store, tell }, runId)))
    missing ??= outcomes.find((outcome) => outcome instanceof BlobMissingError) ?? null
    await compaction.done(batch.filter((_, place) => !(outcomes[place] instanceof BlobMissingError)))
    await compaction.postpone(batch.filter((_, place) => outcomes[place] instanceof BlobMissingError))
    tell({ kind: 'written', count: outcomes.filter((outcome) => outcome === 'written').length })
  }
  if (missing !== null) throw missing
  return runs.length === ROUND_MAX
}

/** Runs at work that a round looks at; of more, those that have been at work the longest. */
const LIVE_MAX = 1_000

/**
 * Writes the checkpoints of runs at work that have changed since, one round.
 * @param written run → time of the last record that its file holds; brought up to date
 * @throws what disk or Redis throws
 */
export async function compactLive(
  compaction: Pick<Compaction, 'live' | 'load' | 'definition'>,
  { store, tell, written }: Target & { readonly written: Map<string, number> },
): Promise<void> {
  const live = new Map((await compaction.live(LIVE_MAX)).map(({ runId, updatedAtMs }) => [runId, updatedAtMs]))
  for (const runId of written.keys()) if (!live.has(runId)) written.delete(runId)
  for (const [runId, updatedAtMs] of live) {
    if (written.get(runId) === updatedAtMs) continue
    const outcome = await writeOne(compaction, { store, tell }, runId)
    if (!(outcome instanceof BlobMissingError)) written.set(runId, updatedAtMs)
  }
}

interface Target {
  readonly store: Pick<CheckpointStore, 'write' | 'writeOn' | 'recordCount'>
  readonly tell: (news: CompactorNews) => void
}

/** `none`: there is nothing to be written, or nothing that can be read. An error: it can't be read now. */
async function writeOne(
  compaction: Pick<Compaction, 'load' | 'definition'>,
  { store, tell }: Target,
  runId: string,
): Promise<'written' | 'none' | BlobMissingError> {
  try {
    if (await writeOn(compaction, store, runId)) return 'written'
    const loaded = await compaction.load(runId)
    const text = loaded === null ? null : await compaction.definition(loaded.header.definition)
    if (loaded === null || text === null) return 'none' // it has left Redis already
    await store.write(loaded, text)
    return 'written'
  } catch (error) {
    if (error instanceof BlobMissingError) return error
    if (!isUnreadable(error)) throw error
    tell({ kind: 'given-up', runId, message: `${error.code} ${error.message}` })
    return 'none'
  }
}

/** A long run that goes on: only what is new of it is read and written. */
async function writeOn(
  compaction: Pick<Compaction, 'load' | 'definition'>,
  store: Target['store'],
  runId: string,
): Promise<boolean> {
  const count = await store.recordCount(runId)
  if (count === null || count < LONG_RECORDS) return false
  const loaded = await compaction.load(runId, count - 1)
  const text = loaded === null ? null : await compaction.definition(loaded.header.definition)
  if (loaded === null || text === null) return false
  return store.writeOn(loaded.header, text, { from: count, records: loaded.records })
}

/** The run's own damage, which must not hold up the others. */
export function isUnreadable(error: unknown): error is AgentloomError {
  return error instanceof AgentloomError && error.code.startsWith('journal/')
}
