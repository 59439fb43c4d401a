import type { Obligation, Offer } from '@agentloom/engine'
import { labelIn, readOffers } from './replies.ts'
import { listIn, textIn } from './reply.ts'
import type { Store } from './store.ts'

/** A bell that nobody answered by then is given up, though its queue is never empty. */
const BELL_MAX_MS = 60_000
/** Keys and runs whose slots one sweep looks through. */
const CHECKS_MAX = 20

/** What of concurrency keys and caps nobody has seen to: bells that got lost, slots that nothing holds. */
export async function overdueTurns(store: Store): Promise<readonly Obligation[]> {
  const { scripts, keys, offerMs } = store
  const args = [offerMs, BELL_MAX_MS, keys.stepsQueue, CHECKS_MAX]
  const reply = listIn(await scripts.call({ name: 'turns', keys: [keys.due, keys.root], args }))
  const [bells, freed, runs] = reply.map(listIn)
  const counted = await Promise.all((runs ?? []).map((runId) => recount(store, textIn(runId))))
  return [
    ...readOffers('', bells ?? []).flatMap(({ label, ...offer }): readonly Obligation[] =>
      label === undefined ? [] : [{ kind: 'offer', cause: 'bell', ...offer, ...label }],
    ),
    ...(freed ?? []).map((member) => freedSlot(textIn(member))),
    ...counted.filter((one) => one !== null),
  ]
}

function freedSlot(member: string): Obligation {
  const slash = member.indexOf('/') // a run id holds none
  return { kind: 'slot', runId: member.slice(0, slash), stepId: member.slice(slash + 1), offers: [] }
}

async function recount(store: Store, runId: string): Promise<Obligation | null> {
  const reply = await store.turn.send('recount', store.keys.run(runId), [runId])
  if (reply[0] === 0) return null
  const label = labelIn(reply, 1)
  const offers: readonly Offer[] = readOffers(runId, reply.slice(3)).map((offer) => ({ label, ...offer }))
  return { kind: 'slot', runId, stepId: null, offers }
}
