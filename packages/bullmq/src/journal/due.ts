import type { Obligation } from '@agentloom/engine'
import { z } from 'zod'
import { jobIdStem } from '../doorbell/job-id.ts'
import { runStatus } from './header.ts'
import { readUndecided } from './replies.ts'
import { head, type Store } from './store.ts'

/**
 * How often a step whose bell still waits in the queue is left waiting, at growing distance, before it is offered
 * anyway: 4, 8, 16, 32, 60, 60 s. A long queue then costs few superfluous jobs, a wrecked job three minutes.
 */
const WAITS_MAX = 6
const WAIT_MAX_MS = 60_000

const label = { definition: z.string(), priority: z.string().regex(/^\d+$/).transform(Number) }
const obligationReply = z.union([
  z.tuple([]),
  z.tuple([z.literal('ended'), runStatus]),
  z.tuple([z.literal('edges'), label.definition, label.priority]),
  z.tuple([z.literal('offer'), z.enum(['bell', 'lease', 'retry']), label.definition, label.priority, z.int()]),
  z.tuple([z.literal('undecided'), label.definition, label.priority, z.int(), z.string(), z.string(), z.string()]),
])

/** Two round trips, the second for what is overdue only: the keys of a run are known when its entry has been read. */
export async function due(store: Store, limit: number): Promise<readonly Obligation[]> {
  const members = z
    .array(z.string())
    .parse(await store.scripts.call({ name: 'overdue', keys: [store.keys.due], args: [limit] }))
  const found = await Promise.all(members.map((member) => oblige(store, member)))
  return found.filter((obligation) => obligation !== null)
}

async function oblige(store: Store, member: string): Promise<Obligation | null> {
  const slash = member.indexOf('/') // a run id holds none
  const runId = slash < 0 ? member : member.slice(0, slash)
  const stepId = slash < 0 ? '' : member.slice(slash + 1)
  const keys = [...store.keys.run(runId), store.keys.stepJob(jobIdStem({ runId, stepId }))]
  const args = [...head(store, runId), stepId, WAITS_MAX, WAIT_MAX_MS]
  const reply = obligationReply.parse(await store.scripts.call({ name: 'oblige', keys, args }))
  switch (reply[0]) {
    case undefined:
      return null
    case 'ended':
      return { kind: 'run-ended', runId, status: reply[1] }
    case 'edges':
      return { kind: 'edges', runId, stepId, definition: reply[1], priority: reply[2] }
    case 'offer':
      return {
        kind: 'offer',
        cause: reply[1],
        runId,
        stepId,
        definition: reply[2],
        priority: reply[3],
        epoch: reply[4],
      }
    case 'undecided': {
      const [, definition, priority, ...verdicts] = reply
      const [step] = readUndecided(runId, [stepId, ...verdicts])
      return step === undefined ? null : { kind: 'undecided', definition, priority, ...step }
    }
    default:
      return reply satisfies never
  }
}
