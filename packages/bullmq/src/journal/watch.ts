import type { RunStatus } from '@agentloom/engine'
import { runStatus } from './header.ts'
import type { Store } from './store.ts'

const watchReply = runStatus.nullable()

/** Asks that new records of the run be told of on the channel `pokes` for a while. Null when there is no such run. */
export async function watch(store: Store, runId: string, forMs: number): Promise<RunStatus | null> {
  const [run, steps] = store.keys.run(runId)
  return watchReply.parse(await store.scripts.call({ name: 'watch', keys: [run, steps], args: [forMs] }))
}
