import {
  DEFAULT_POOL,
  FORMAT,
  RunIdConflictError,
  type PoolMap,
  type RunConcurrency,
  type StartReply,
  type StartRun,
} from '@agentloom/engine'
import { RunIsAway } from '../away/run-is-away.ts'
import { parentText } from './header.ts'
import { readOffers } from './replies.ts'
import { intIn, listIn } from './reply.ts'
import type { Store } from './store.ts'

/** Records a run. The definition's text travels only when Redis lacks it: `known` are those that it was seen to have. */
export async function start(store: Store, run: StartRun, known: Set<string>): Promise<StartReply> {
  const { runId, definition } = run
  const [code, offers] = await send(store, run, known.has(definition) ? '' : run.definitionText)
  switch (intIn(code)) {
    case 0:
      return { outcome: 'exists', offers: [] }
    case 1:
      known.add(definition)
      return { outcome: 'started', offers: readOffers(runId, listIn(offers)) }
    case 2:
      throw new RunIdConflictError(runId)
    case 4:
      throw new RunIsAway(runId)
    default:
      known.delete(definition)
      return start(store, run, known)
  }
}

function send(store: Store, run: StartRun, text: string): Promise<readonly unknown[]> {
  const args: (string | number)[] = [
    run.runId,
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
    run.parent === null ? '' : parentText(run.parent),
    run.parent?.rootRunId ?? '',
    run.cleanup === null ? '' : `${run.cleanup.rank}|${run.cleanup.stepId}`,
    text === '' ? '' : poolsText(run.pools),
    run.parksOnBudget === true ? 'park' : '',
    run.concurrency?.key ?? '',
    shareText(run.concurrency),
    run.roots.length,
  ]
  for (const { stepId, rank } of run.roots) args.push(stepId, rank)
  // A run that is at work may end, also where that takes child runs.
  const turn = run.parent === null ? store.beginning : store.turn
  return turn.send('start', store.keys.run(run.runId), args)
}

export function poolsText({ byDefault, others }: PoolMap): string {
  return byDefault === DEFAULT_POOL && others.length === 0 ? '' : JSON.stringify([byDefault, ...others.flat()])
}

/** `limit|weight`, as `lua/lib/fair.lua` reads it. */
export function shareText(concurrency: RunConcurrency | null): string {
  return concurrency === null ? '' : `${concurrency.limit ?? ''}|${concurrency.weight}`
}
