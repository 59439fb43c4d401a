import { DecisionRefusedError } from '@agentloom/engine'
import { surroundingsOf } from '../command-line/surroundings.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import { printable } from '../terminal/printable.ts'
import { checkedRunId } from './checked-run-id.ts'
import type { Ending } from './ending.ts'
import { openRuns } from './kept-runs.ts'
import { placeOf } from './place.ts'

export interface DecideOptions {
  readonly by?: string
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

/** What `approve` and `reject` do. @throws {DecisionRefusedError} */
export async function decideRun(
  given: { readonly runId: string; readonly gate: string | undefined; readonly decision: 'approved' | 'rejected' },
  options: DecideOptions,
  surrounding: Io,
): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  await using runs = await openRuns(placeOf(options.redis, settings, io), io)
  const runId = checkedRunId(given.runId)
  const path = given.gate ?? null
  const by = options.by ?? io.env['USER'] ?? null
  const reply = await runs.decide(runId, { path, decision: given.decision, by })
  if (reply.outcome === 'refused') throw new DecisionRefusedError(runId, path, reply)
  io.stdout.write(
    options.json === true
      ? jsonText({ run_id: runId, gate: reply.path, decision: given.decision })
      : `gate ${printable(reply.path)} of run ${runId} is ${given.decision}\n`,
  )
  return { code: 0 }
}
