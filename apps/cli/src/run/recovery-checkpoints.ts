import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { RecoverOptions } from '@agentloom/bullmq/client'
import { CheckpointStore, openJournal } from '@agentloom/embedded'

/** Checkpoints from which a Redis may be filled up. */
export interface RecoveryCheckpoints extends AsyncDisposable {
  readonly sources: NonNullable<RecoverOptions['checkpoints']>
}

/**
 * @param folders homes of workers, or their folders of checkpoints. Runs of the embedded runtime, whose checkpoints lie in the same
 * folder, are left out: they have a journal of their own.
 */
export async function openCheckpoints(folders: readonly string[]): Promise<RecoveryCheckpoints> {
  const opened = new AsyncDisposableStack()
  const sources: NonNullable<RecoverOptions['checkpoints']>[number][] = []
  for (const folder of folders) {
    const below = join(folder, 'checkpoints')
    const own = existsSync(below) ? below : folder
    if (own === folder && !existsSync(join(folder, 'runs.db'))) continue
    const store = opened.use(new CheckpointStore(own))
    const embedded = opened.use(await openJournal({ folder: join(own, '..'), access: 'read' }))
    sources.push({
      list: () => store.list(),
      read: async (runId) => ((await embedded.header(runId)) === null ? store.read(runId) : null),
    })
  }
  return { sources, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
