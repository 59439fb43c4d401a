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
    if (record.status === 'paused') stderr.line(`paused; go on with: ${goOn(record, command).join(' · ')}`)
  }
  return { code: exitCodeOf(record.status, signal), unwrittenHelp: `fetch it with: ${command('show')} --json` }
}

function notesOf({ plan, record, filesLabel = 'wrote' }: Conclusion): readonly string[] {
  if (record.status === 'paused') {
    const done = record.steps.filter(({ status }) => status === 'success').length
    const gates = gatesOf(record)
    const where =
      gates.length === 0 ? [] : [`waits for a decision at ${gates.map((gate) => printable(gate)).join(', ')}`]
    return [...where, `${countText(done, 'step')} done, nothing is lost`]
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
    case 'parked':
      return [command('explain'), command('show')]
    case 'paused':
      return [...goOn(record, command), command('show')]
    default:
      return [command('resume'), command('show')]
  }
}

/** Gates that are proposed by name; the others are found with `show`. */
const GATES_MAX = 3

function gatesOf(record: RunRecord): readonly string[] {
  return record.steps.flatMap(({ waitingAt }) => waitingAt)
}

/** The commands that decide, or the one that lets go on what somebody has paused. */
function goOn(record: RunRecord, command: (name: string) => string): readonly string[] {
  const gates = gatesOf(record).slice(0, GATES_MAX)
  if (gates.length === 0) return [command('resume')]
  return gates.flatMap((gate) => [`${command('resume')} --approve ${gate}`, `${command('resume')} --reject ${gate}`])
}
