import type { RunStatus } from '@agentloom/engine'
import { surroundingsOf } from '../command-line/surroundings.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import { checkedRunId } from './checked-run-id.ts'
import type { Ending } from './ending.ts'
import { openRuns } from './kept-runs.ts'
import { placeOf } from './place.ts'

export interface StopOptions {
  readonly reason?: string
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

const WANTED: { readonly [how in 'cancel' | 'pause']: RunStatus } = { cancel: 'cancelled', pause: 'paused' }

/** What `cancel` and `pause` do. @throws {CliError} `run/not-found`, `run/over` */
export async function stopRun(
  how: 'cancel' | 'pause',
  runId: string,
  options: StopOptions,
  surrounding: Io,
): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  await using runs = await openRuns(placeOf(options.redis, settings, io), io)
  const id = checkedRunId(runId)
  const { isDone, status } = await runs[how](id, options.reason ?? `${how} on the command line`)
  if (status === null)
    throw new CliError('run/not-found', `there is no run ${id}`, { help: 'see which there are with: agentloom runs' })
  if (!isDone && status !== WANTED[how])
    throw new CliError('run/over', `run ${id} cannot be ${WANTED[how]}: it is ${status}`)
  const remark = isDone ? '' : ' already'
  io.stdout.write(
    options.json === true ? jsonText({ run_id: id, status, changed: isDone }) : `run ${id} is ${status}${remark}\n`,
  )
  return { code: 0 }
}
