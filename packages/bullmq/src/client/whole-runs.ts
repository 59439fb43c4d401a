import {
  eraseAsItIs,
  isChildRun,
  restartCommand,
  type KeptRun,
  type RestoreReply,
  type TreeParts,
} from '@agentloom/engine'
import { compileWorkflow, parseDefinition } from '@agentloom/workflow'
import type { AwayRuns } from '../away/away-runs.ts'
import type { ShardedBlobs } from '../blobs/sharded-blobs.ts'

/** Puts a run that Redis does not have, and rings for what is ready in it. */
export async function restoreKept({ journal, follower }: TreeParts, run: KeptRun): Promise<RestoreReply> {
  const { header, records, definitionText } = run
  const { plan } = compileWorkflow(parseDefinition(definitionText))
  const start = { ...restartCommand(plan, header), definitionText }
  const reply = await journal.restore({ start, records, replaces: null }, plan)
  if (reply.outcome === 'refused') return reply
  const label = { plan, priority: header.priority }
  if (reply.offers.length > 0) await follower.ring(label, reply.offers)
  if (reply.undecided.length > 0) await follower.decide(label, reply.undecided)
  return reply
}

/** Removes a run with everything that Redis and the blob store have of it. @returns false where somebody writes to it all the time */
export async function eraseKept(
  { journal, blobs, away }: Pick<TreeParts, 'journal'> & { readonly blobs: ShardedBlobs; readonly away: AwayRuns },
  runId: string,
): Promise<boolean> {
  const isDone = await eraseAsItIs(journal, runId)
  if (isDone && !isChildRun(runId)) {
    await away.forget(runId)
    await blobs.remove(runId)
  }
  return isDone
}
