import { FORMAT, RunIdConflictError, type StartReply, type StartRun } from '@agentloom/engine'
import { z } from 'zod'
import { flatReply, readOffers } from './replies.ts'
import { head, type Store } from './store.ts'

const startReply = z.union([
  z.tuple([z.literal(0)]),
  z.tuple([z.literal(1), flatReply]),
  z.tuple([z.literal(2)]),
  z.tuple([z.literal(3)]),
])

/** Records a run. The definition's text travels only when Redis lacks it: `known` are those that it was seen to have. */
export async function start(store: Store, run: StartRun, known: Set<string>): Promise<StartReply> {
  const { runId, definition } = run
  const reply = await send(store, run, known.has(definition) ? '' : run.definitionText)
  switch (reply[0]) {
    case 0:
      return { outcome: 'exists', offers: [] }
    case 1:
      known.add(definition)
      return { outcome: 'started', offers: readOffers(runId, reply[1]) }
    case 2:
      throw new RunIdConflictError(runId)
    case 3:
      known.delete(definition)
      return start(store, run, known)
    default:
      return reply satisfies never
  }
}

async function send(store: Store, run: StartRun, text: string): Promise<z.infer<typeof startReply>> {
  const args: (string | number)[] = [
    ...head(store, run.runId),
    run.definition,
    text,
    run.input,
    run.workflow,
    run.tenant ?? '',
    run.priority,
    JSON.stringify(run.tags),
    run.timeoutMs ?? '',
    run.budgetNanoUsd ?? '',
    run.stepCount,
    run.cap ?? '',
    FORMAT,
    run.roots.length,
  ]
  for (const { stepId, rank } of run.roots) args.push(stepId, rank)
  const keys = [...store.keys.run(run.runId), store.keys.definition(run.definition)]
  return startReply.parse(await store.scripts.call({ name: 'start', keys, args }))
}
