import { CHILD_CHECK_MS, SPARED_MS, type DueOptions, type Obligation } from '@agentloom/engine'
import { z } from 'zod'
import { jobIdStem } from '../doorbell/job-id.ts'
import { STATUSES } from './header.ts'
import { labelIn, readOffers, readUndecided } from './replies.ts'
import { intIn, listIn, oneOf, textIn } from './reply.ts'
import type { Store } from './store.ts'
import { overdueTurns } from './turns.ts'

/**
 * How often a step whose bell still waits in the queue is left waiting, at growing distance, before it is offered
 * anyway: 4, 8, 16, 32, 60, 60 s. A long queue then costs few superfluous jobs, a wrecked job three minutes.
 */
const WAITS_MAX = 6
const WAIT_MAX_MS = 60_000

const CAUSES: ReadonlySet<'bell' | 'lease' | 'retry'> = new Set(['bell', 'lease', 'retry'])

/** Entries that one script looks through for a worker's leases: each costs a microsecond. */
const PAGE = 500

/** What a worker that is gone has held, offered anew. An entry that moves meanwhile may be missed; its lease runs out. */
export async function takeOver(store: Store, instance: string): Promise<readonly Obligation[]> {
  const { scripts, keys } = store
  const members: string[] = []
  for (let from = 0, size = PAGE; size === PAGE; from += size) {
    const reply = await scripts.call({ name: 'leases', keys: [keys.due, keys.root], args: [instance, from, PAGE] })
    const [seen, ...held] = listIn(reply)
    size = intIn(seen)
    for (const member of held) members.push(textIn(member))
  }
  const found = await Promise.all(members.map((member) => oblige(store, member, { endsLeases: true, instance })))
  return found.filter((obligation) => obligation !== null)
}

/** Two round trips, the second for what is overdue only: the keys of a run are known when its entry has been read. */
export async function due(
  store: Store,
  limit: number,
  { endsLeases = true }: DueOptions = {},
): Promise<readonly Obligation[]> {
  const members = z
    .array(z.string())
    .parse(await store.scripts.call({ name: 'overdue', keys: [store.keys.due], args: [limit] }))
  const found = await Promise.all(members.map((member) => oblige(store, member, { endsLeases, instance: '' })))
  return [...found.filter((obligation) => obligation !== null), ...(await overdueTurns(store))]
}

async function oblige(
  store: Store,
  member: string,
  { endsLeases, instance }: { readonly endsLeases: boolean; readonly instance: string },
): Promise<Obligation | null> {
  const slash = member.indexOf('/') // a run id holds none
  const runId = slash < 0 ? member : member.slice(0, slash)
  const stepId = slash < 0 ? '' : member.slice(slash + 1)
  const args = [
    runId,
    stepId,
    jobIdStem({ runId, stepId }),
    WAITS_MAX,
    WAIT_MAX_MS,
    CHILD_CHECK_MS,
    store.keys.stepsQueue,
    endsLeases ? '' : SPARED_MS,
    store.deathsMax,
    instance,
  ]
  const reply = await store.turn.send('oblige', store.keys.run(runId), args)
  switch (intIn(reply[0])) {
    case 1:
      return {
        kind: 'offer',
        cause: oneOf(CAUSES, reply[1]),
        runId,
        stepId,
        ...labelIn(reply, 2),
        epoch: Number(reply[4]),
      }
    case 2:
      return { kind: 'edges', runId, stepId, ...labelIn(reply, 1) }
    case 3: {
      const [step] = readUndecided(runId, [stepId, ...reply.slice(3)])
      return step === undefined ? null : { kind: 'undecided', ...labelIn(reply, 1), ...step }
    }
    case 4:
      return { kind: 'run-ended', runId, status: oneOf(STATUSES, reply[1]) }
    case 5:
      return { kind: 'child', runId, stepId, childRunId: textIn(reply[3]), ...labelIn(reply, 1) }
    case 6: {
      const [offer] = readOffers(runId, reply.slice(3))
      return offer === undefined ? null : { kind: 'offer', cause: 'bell', ...labelIn(reply, 1), ...offer }
    }
    case 7: {
      const offers = readOffers(runId, reply.slice(4))
      return { kind: 'quarantined', runId, stepId, offers, runStatus: oneOf(STATUSES, reply[3]), ...labelIn(reply, 1) }
    }
    default:
      return null
  }
}
