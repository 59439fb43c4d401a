import { RunNotFoundError } from '@agentloom/embedded'
import { diffRuns as differenceOf, type RunDifference, type RunSide, type StepDifference } from '@agentloom/engine'
import { parseValue } from '@agentloom/workflow'
import { surroundingsOf } from '../command-line/surroundings.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import { costText, dollars, durationText } from '../terminal/figures.ts'
import { printable } from '../terminal/printable.ts'
import { statusText } from '../terminal/summary.ts'
import { checkedRunId } from './checked-run-id.ts'
import type { Ending } from './ending.ts'
import { openRuns, type KeptRuns } from './kept-runs.ts'
import { embeddedPlace, placeOf } from './place.ts'

export interface DiffOptions {
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

const SHOWN_CHARACTERS_MAX = 60

/** What `diff` does. @throws {RunNotFoundError} */
export async function diffRuns(first: string, second: string, options: DiffOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  await using runs = await openRuns(placeOf(options.redis, settings, io), io, embeddedPlace(settings, io).home)
  const [a, b] = [await sideOf(runs, checkedRunId(first)), await sideOf(runs, checkedRunId(second))]
  const difference = differenceOf(a, b)
  if (options.json === true) io.stdout.write(jsonText(documentOf(difference)))
  else print(difference, a, b, io)
  return { code: difference.isSame ? 0 : 1 }
}

async function sideOf(runs: KeptRuns, runId: string): Promise<RunSide> {
  const found = await runs.find(runId)
  if (found === null) throw new RunNotFoundError(runId)
  return found
}

function print({ parts, steps, partAt, isSame }: RunDifference, a: RunSide, b: RunSide, io: Io): void {
  const { stdout } = io
  for (const { stepId, field, before, after } of parts) {
    const where = [stepId, field].filter((part) => part !== null).join('.')
    stdout.line(`${printable(where)}: ${shownText(before)} → ${shownText(after)}`)
  }
  if (parts.length > 0) stdout.line('')
  const [left, right] = [steps.map((step) => cell(step, 'first', io)), steps.map((step) => cell(step, 'second', io))]
  for (const [at, step] of steps.entries()) {
    const mark = step.isSame ? ' ' : partAt.includes(step.stepId) ? '*' : '~'
    stdout.line(`${mark} ${printable(step.stepId)} · ${left[at]}${step.isSame ? '' : ` → ${right[at]}`}`)
    if (!step.isSame && step.first !== null && step.second !== null && step.first.output !== step.second.output)
      stdout.line(`    ${shownText(step.first.output)} → ${shownText(step.second.output)}`)
  }
  stdout.line(`  total · ${totalOf(a)} → ${totalOf(b)}`)
  const parted = partAt.map((id) => printable(id)).join(', ')
  stdout.line(
    isSame ? 'the runs are the same' : partAt.length === 0 ? 'no step differs' : `the runs part at: ${parted}`,
  )
}

function cell(step: StepDifference, which: 'first' | 'second', { stdout }: Io): string {
  const side = step[which]
  if (side === null) return '-'
  return `${statusText(side.status, stdout)} ${durationText(side.durationMs)} ${costText(side.costNanoUsd)}`
}

function totalOf({ view }: RunSide): string {
  return `${view.status} ${durationText(view.durationMs)} ${costText(view.costNanoUsd)}`
}

function shownText(text: string | null): string {
  return text === null ? '(none)' : printable(text, SHOWN_CHARACTERS_MAX)
}

function documentOf({ parts, steps, partAt, isSame }: RunDifference) {
  return {
    same: isSame,
    parts: parts.map(({ stepId, field, before, after }) => ({
      step: stepId,
      field,
      first: before === null ? null : parseValue(before),
      second: after === null ? null : parseValue(after),
    })),
    steps: steps.map(({ stepId, isSame: same, first, second }) => ({
      id: stepId,
      same,
      first: sideDocument(first),
      second: sideDocument(second),
    })),
    part_at: [...partAt],
  }
}

function sideDocument(side: StepDifference['first']) {
  if (side === null) return null
  const { status, output, costNanoUsd, durationMs } = side
  return { status, output: parseValue(output), cost_usd: dollars(costNanoUsd), duration_ms: durationMs }
}
