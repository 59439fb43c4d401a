import type { SignalReply } from '@agentloom/engine'
import { surroundingsOf } from '../command-line/surroundings.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import { printable } from '../terminal/printable.ts'
import { checkedRunId } from './checked-run-id.ts'
import type { Ending } from './ending.ts'
import { openRuns } from './kept-runs.ts'
import { placeOf } from './place.ts'

export interface SignalOptions {
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

/** What `signal` does. @throws {CliError} `run/not-found`, `run/over`, `run/signal-refused`, `input/payload` */
export async function signalRun(
  given: { readonly runId: string; readonly name: string; readonly payload: string | undefined },
  options: SignalOptions,
  surrounding: Io,
): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  const payload = payloadOf(given.payload)
  await using runs = await openRuns(placeOf(options.redis, settings, io), io)
  const runId = checkedRunId(given.runId)
  const reply = await runs.signal(runId, given.name, payload)
  if (reply.outcome === 'refused') throw refusal(runId, given.name, reply.reason)
  const remark = reply.isNew ? '' : ' already'
  io.stdout.write(
    options.json === true
      ? jsonText({ run_id: runId, signal: given.name, changed: reply.isNew })
      : `run ${runId} has the signal ${printable(given.name)}${remark}\n`,
  )
  return { code: 0 }
}

function payloadOf(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text)
  } catch (error) {
    const help = 'write a text with its quotes: \'"shipped"\''
    throw new CliError('input/payload', `the payload is no JSON: ${Error.isError(error) ? error.message : ''}`, {
      help,
    })
  }
}

function refusal(
  runId: string,
  name: string,
  reason: Extract<SignalReply, { outcome: 'refused' }>['reason'],
): CliError {
  switch (reason) {
    case 'unknown-run':
      return new CliError('run/not-found', `there is no run ${runId}`, {
        help: 'see which there are with: agentloom runs',
      })
    case 'run-over':
      return new CliError('run/over', `run ${runId} takes no signals: it is over`)
    case 'signalled-otherwise':
      return new CliError(
        'run/signal-refused',
        `run ${runId} got the signal ${printable(name)} before, with another payload`,
        {
          help: 'the first one stays; give another name',
        },
      )
    default:
      return reason satisfies never
  }
}
