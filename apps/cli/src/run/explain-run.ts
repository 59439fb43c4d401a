import { explanationDocument, type Explanation } from '@agentloom/engine'
import { placeOptionsOf } from '../command-line/place-option.ts'
import { surroundingsOf } from '../command-line/surroundings.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import { printable } from '../terminal/printable.ts'
import { checkedRunId } from './checked-run-id.ts'
import type { Ending } from './ending.ts'
import { openRuns } from './kept-runs.ts'
import { notFound } from './not-found.ts'
import { embeddedPlace, placeOf } from './place.ts'

export interface ExplainOptions {
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

/** @throws {CliError} `run/not-found` */
export async function explainOnCommandLine(runId: string, options: ExplainOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  const id = checkedRunId(runId)
  await using runs = await openRuns(placeOf(options.redis, settings, io), io, embeddedPlace(settings, io).home)
  const found = await runs.explain(id)
  if (found === null) throw notFound(id)
  const place = placeOptionsOf(options.redis)
  if (options.json === true) io.stdout.write(jsonText(explanationDocument(found)))
  else for (const line of linesOf(found, place)) io.stdout.line(printable(line))
  return { code: 0 }
}

function linesOf(explanation: Explanation, placeOptions: string): readonly string[] {
  const { runId, status, text, command, steps, sentence } = explanation
  const first = status === null ? sentence : `run ${runId} is ${status}: ${text}`
  const mend = command === null ? [] : [`mend it with: ${command}${placeOptions}`]
  return [first, ...mend, ...steps.map(({ path, text: own }) => `  ${path} ${own}`)]
}
