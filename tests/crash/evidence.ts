import { readFile } from 'node:fs/promises'
import type { LoadedRun } from '@agentloom/bullmq/client'

export interface Line {
  readonly run: string
  readonly step: string
  readonly epoch: number
}

/** What the executions left on disk. A last line without its end was cut by a kill. */
export async function readLines(file: string): Promise<readonly Line[]> {
  const text = await readFile(file, 'utf8')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [run = '', step = '', epoch = ''] = line.split(' ')
      return { run, step, epoch: Number(epoch) }
    })
}

export interface Claimed {
  readonly run: string
  readonly step: string
  readonly epoch: number
  readonly worker: string
}

/** Claims without a result, given back by a successor or not: the step was in flight when its process went. */
export function unfinishedClaims({ header, records }: LoadedRun): readonly Claimed[] {
  const outcomes = new Set(
    records.flatMap((record) =>
      record.kind === 'committed' || record.kind === 'failed' ? [`${record.stepId} ${record.epoch}`] : [],
    ),
  )
  return records.flatMap((record) =>
    record.kind === 'claimed' && !outcomes.has(`${record.stepId} ${record.epoch}`)
      ? [{ run: header.runId, step: record.stepId, epoch: record.epoch, worker: record.worker }]
      : [],
  )
}

/** Steps that were claimed again after their commit: there must be none (I1). */
export function claimsAfterCommit({ header, records }: LoadedRun): readonly string[] {
  const committed = new Set<string>()
  const wrong: string[] = []
  for (const record of records) {
    if (record.kind === 'claimed' && committed.has(record.stepId)) wrong.push(`${header.runId} ${record.stepId}`)
    if (record.kind === 'committed') committed.add(record.stepId)
  }
  return wrong
}

/** Lines beyond the first of a (run, step) that no unfinished claim explains: there must be none. */
export function unexplainedLines(lines: readonly Line[], unfinished: readonly Claimed[]): readonly Line[] {
  const inFlight = new Set(unfinished.map(({ run, step, epoch }) => `${run} ${step} ${epoch}`))
  const counted = new Set<string>()
  return lines.filter(({ run, step, epoch }) => {
    if (inFlight.has(`${run} ${step} ${epoch}`)) return false
    const isFirst = !counted.has(`${run} ${step}`)
    counted.add(`${run} ${step}`)
    return !isFirst
  })
}
