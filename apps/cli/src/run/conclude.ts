import { runDocument, type RunView as RunRecord } from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import type { Signal } from '../io/interrupts.ts'
import type { Io } from '../io/io.ts'
import { referenceResult } from '../result/reference-document.ts'
import { jsonText } from '../result/json-text.ts'
import { countText } from '../terminal/figures.ts'
import { infoText } from '../terminal/problem.ts'
import { printable } from '../terminal/printable.ts'
import { writtenFile } from '../terminal/step-detail.ts'
import { commandName, nextLine, summaryLine } from '../terminal/summary.ts'
import { exitCodeOf, type Ending } from './ending.ts'

export type JsonShape = 'none' | 'ours' | 'agentloom'

export interface Conclusion {
  readonly plan: Plan
  readonly record: RunRecord
  readonly json: JsonShape
  /** What made it pause, if this command was told to stop. */
  readonly signal: Signal | null
  /** Options that find the run again: `--redis URL`, say. */
  readonly placeOptions: string
  readonly filesLabel?: string
}

/** Says how a run ended, in the way that was asked for. */
export function conclude(conclusion: Conclusion, io: Io): Ending {
  const { record, json, signal, placeOptions } = conclusion
  const { stdout, stderr } = io
  const program = commandName(io.env)
  const command = (name: string): string => `${program} ${name} ${record.runId}${placeOptions}`
  if (record.error !== null) stderr.line(infoText(record.error, stderr))
  if (json === 'none') {
    stdout.line(summaryLine(record, stdout, notesOf(conclusion)))
    stdout.line(nextLine(nextCommands(record, command, program)))
  } else {
    stdout.write(jsonText(json === 'ours' ? runDocument(record) : referenceResult(record)))
    if (record.status === 'paused') stderr.line(`paused; go on with: ${command('resume')}`)
  }
  return { code: exitCodeOf(record.status, signal), unwrittenHelp: `fetch it with: ${command('show')} --json` }
}

function notesOf({ plan, record, filesLabel = 'wrote' }: Conclusion): readonly string[] {
  if (record.status === 'paused') {
    const done = record.steps.filter(({ status }) => status === 'success').length
    return [`${countText(done, 'step')} done, nothing is lost`]
  }
  const files = record.steps.flatMap(({ id, output }) => writtenFile(plan.byId.get(id), output) ?? [])
  return files.length === 0
    ? []
    : [
        `${filesLabel}: ${files
          .slice(0, 3)
          .map((file) => printable(file))
          .join(', ')}`,
      ]
}

function nextCommands(record: RunRecord, command: (name: string) => string, program: string): readonly string[] {
  switch (record.status) {
    case 'success':
      return [command('show'), `${program} run FILE`]
    case 'cancelled':
      return [command('show')]
    case 'budget_exceeded':
      return [`${command('resume')} --budget USD`, command('show')]
    default:
      return [command('resume'), command('show')]
  }
}
