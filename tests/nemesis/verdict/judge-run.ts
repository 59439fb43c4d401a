import type { Client, LoadedRun } from '@agentloom/bullmq/client'
import { isOver, verifyRun } from '@agentloom/engine'
import type { LiveRun } from '../load/load.ts'
import type { Witness } from '../witness.ts'

/** What is wrong with a run that is over, its child runs included; null when it can't be read any more. */
export async function judgeRun(
  { client }: { readonly client: Client; readonly witness: Witness },
  { runId, order }: LiveRun,
): Promise<readonly string[] | null> {
  const loaded = await client.load(runId)
  const view = await client.view(runId)
  // A loss of data may have taken its end in between.
  if (loaded === null || view === null || !isOver(loaded.header.status) || !isOver(view.status)) return null
  const family = [loaded, ...(await childrenOf(client, loaded))]
  return [
    ...order.problemsOf({ view, loaded }),
    ...(await Promise.all(family.map((run) => findingsOf(client, run)))).flat(),
    ...family.flatMap(repeatedItems),
  ]
}

async function childrenOf(client: Client, { records }: LoadedRun): Promise<readonly LoadedRun[]> {
  const ids = records.flatMap((record) =>
    record.kind === 'waiting' && record.wait.kind === 'child' ? [record.wait.runId] : [],
  )
  const children = await Promise.all([...new Set(ids)].map((id) => client.load(id)))
  return children.filter((child) => child !== null)
}

/** What `agentloom verify` would say. */
async function findingsOf(client: Client, run: LoadedRun): Promise<readonly string[]> {
  const { runId, definition } = run.header
  const findings = verifyRun(await client.plan(definition), run)
  return findings.map(({ code, stepId, message }) => `${runId} ${stepId ?? ''}: ${code}: ${message}`)
}

/** An item of a foreach whose end was written down is not done again: no second note has its result. */
function repeatedItems({ header, records }: LoadedRun): readonly string[] {
  const done = new Set<string>()
  return records.flatMap((record) => {
    if (record.kind !== 'noted') return []
    const note: unknown = JSON.parse(record.note)
    return indexesOf(note).flatMap((index) => {
      const item = `${header.runId} ${record.stepId} ${index}`
      const isAgain = done.has(item)
      done.add(item)
      return isAgain ? [`item done twice: ${item}`] : []
    })
  })
}

function indexesOf(note: unknown): readonly number[] {
  if (typeof note !== 'object' || note === null || !('items' in note) || !Array.isArray(note.items)) return []
  return note.items.flatMap((item: unknown) =>
    typeof item === 'object' && item !== null && 'output' in item && 'index' in item && typeof item.index === 'number'
      ? [item.index]
      : [],
  )
}
